package clientapi

// What may be read of each object. A name that is not here may be an edge: through it fields of
// other objects, of other accounts too, would be read.

func numberFields() []string {
	return []string{
		"id", "display_phone_number", "verified_name", "quality_rating", "quality_score", "status", "throughput",
		"health_status", "messaging_limit_tier", "whatsapp_business_manager_messaging_limit",
		"code_verification_status",
		"name_status", "new_name_status", "new_display_name", "account_mode", "platform_type", "host_platform",
		"is_official_business_account", "is_pin_enabled", "is_on_biz_app", "is_preverified_number",
		"last_onboarded_time", "search_visibility", "username", "country_dial_code", "webhook_configuration",
		"conversational_automation", "eligibility_for_api_business_global_search", "unified_cert_status",
		"official_business_account",
	}
}

func profileFields() []string {
	return []string{
		"id", "about", "address", "description", "email", "messaging_product", "profile_picture_url", "websites",
		"vertical", "profile_picture_handle",
	}
}

func accountFields() []string {
	return []string{
		"id", "name", "currency", "timezone_id", "country", "status", "account_review_status",
		"business_verification_status", "message_template_namespace", "ownership_type", "health_status",
		"is_enabled_for_insights", "primary_funding_id", "primary_business_location", "creation_time",
		"marketing_messages_lite_api_status", "marketing_messages_onboarding_status",
		"whatsapp_business_manager_messaging_limit", "auth_international_rate_eligibility",
	}
}

func flowFields() []string {
	return []string{
		"id", "name", "status", "categories", "validation_errors", "json_version", "data_api_version", "endpoint_uri",
		"preview", "preview.invalidate(false)", "preview.invalidate(true)", "health_status", "data_channel_uri",
		"updated_at", "created_at",
	}
}

func qrFields() []string {
	return []string{
		"code", "prefilled_message", "deep_link_url", "qr_image_url", "qr_image_url.format(PNG)",
		"qr_image_url.format(SVG)", "qr_image_url.format(png)", "qr_image_url.format(svg)", "creation_time",
	}
}

func paging() []string { return []string{paramLimit, paramAfter, paramBefore} }

func libraryQuery() []string {
	return append(paging(), "search", "category", "language", "topic", "usecase", "industry", "name")
}

func uploadQuery() []string { return []string{"file_name", "file_length", "file_type"} }
