package graph

import (
	"sync"
	"time"

	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// Codes of marketing messages on Messenger that a gateway or simulator decides on or emits. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/marketing-messages-on-messenger/api-reference
const (
	CodeAdCampaignInactive     = 2300000
	CodeAdCampaignUnknown      = 2300001
	CodeAdSubscriptionUnknown  = 2300004
	CodeAdPageMismatch         = 2300005
	CodeAdPaymentMissing       = 2300011
	CodeAdCampaignPopulating   = 2300012
	CodeAdAccountMismatch      = 2300014
	CodeAdBudgetReached        = 2300015
	CodeAdSpendLimit           = 2300017
	CodeAdPacingNotReady       = 2300028
	CodeAdRegion               = 2300032
	CodeAdNotStarted           = 2300033
	CodeAdSubscriptionStopped  = 2300034
	CodeAdTooSoon              = 2300035
	CodeAdSubscriptionExpired  = 2300037
	CodeAdCampaignNotReady     = 2300041
	CodeAdFrequencyCap1        = 2300042
	CodeAdFrequencyCap2        = 2300043
	CodeAdFrequencyCap3        = 2300044
	CodeAdRecipientUnavailable = 2300052
	CodeAdLifetimeBudget       = 2300053
	CodeAdDailyBudget          = 2300054
	CodeAdSpendCap             = 2300056
	CodeAdPrepaid              = 2300058
	CodeAdStoredBalance        = 2300059
	CodeAdPageMissing          = 2300065
	CodeAdSendRate             = 2300078
	CodeAdCampaignRate         = 2300079
	CodeAdTokenRate            = 2300080
	CodeRecipientNotAvailable  = 1893047

	firstAdCode, lastAdCode = CodeAdCampaignInactive, CodeAdTokenRate
)

// IsAdPayment tells whether a code says that an ad account does not pay, for want of means or by
// its own limit.
func IsAdPayment(code int) bool {
	switch code {
	case CodeAdPaymentMissing, CodeAdSpendLimit, CodeAdSpendCap, CodeAdPrepaid, CodeAdStoredBalance:
		return true
	}
	return false
}

// subscriptionPause is the least time between two messages to one subscription token. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/marketing-messages-on-messenger/send-messages
const subscriptionPause = 12 * time.Hour

// advertising returns the codes of marketing messages on Messenger. Two of Meta's pages explain
// 2300069 to 2300079 differently: as budgets of campaign and account, and as faults of the request.
// Such a code fails its message, unless the answer tells how long to wait, or both pages agree that
// it passes.
var advertising = sync.OnceValue(func() map[int]CodeInfo {
	const half = 30 * time.Minute
	passes := map[int]struct {
		class network.Class
		wait  time.Duration
	}{
		CodeAdCampaignPopulating: {network.Wait, time.Hour},
		CodeAdPacingNotReady:     {network.Wait, time.Hour},
		CodeAdNotStarted:         {network.Wait, time.Hour},
		CodeAdCampaignNotReady:   {network.Wait, time.Hour},
		CodeAdTooSoon:            {network.Wait, subscriptionPause},
		CodeAdDailyBudget:        {network.Wait, time.Hour},
		2300055:                  {network.Wait, half},
		2300057:                  {network.Wait, time.Hour},
		2300060:                  {network.Wait, time.Hour},
		2300061:                  {network.Wait, half},
		2300062:                  {network.Wait, half},
		2300063:                  {network.Wait, time.Hour},
		2300068:                  {network.Wait, time.Hour},
		CodeAdSendRate:           {network.Wait, time.Hour},
		CodeAdCampaignRate:       {network.Wait, time.Hour},
		CodeAdTokenRate:          {network.Wait, time.Hour},
		CodeAdPaymentMissing:     {network.StopTenant, 0},
		CodeAdSpendLimit:         {network.StopTenant, 0},
		CodeAdSpendCap:           {network.StopTenant, 0},
		CodeAdPrepaid:            {network.StopTenant, 0},
		CodeAdStoredBalance:      {network.StopTenant, 0},
	}
	codes := map[int]CodeInfo{CodeRecipientNotAvailable: {
		Code: CodeRecipientNotAvailable, HTTPStatus: 400, Title: "Recipient not available", Class: network.Never,
	}}
	for code := firstAdCode; code <= lastAdCode; code++ {
		info := CodeInfo{Code: code, HTTPStatus: 400, Title: "Marketing message refused", Class: network.Never}
		if known, ok := passes[code]; ok {
			info.Class, info.Wait = known.class, known.wait
		}
		codes[code] = info
	}
	return codes
})

// maxPace bounds what an answer may say of when to come back: no message waits longer.
const maxPace = 30 * 24 * time.Hour

// readPace reads error_data.remaining_seconds, which is in the answer to a message that a budget's
// pacing holds back. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/marketing-messages-on-messenger/changelog (2026-03-16)
func (e *Error) readPace(data rawjson.Object) {
	seconds, ok := data.Int32("remaining_seconds")
	if !ok || seconds <= 0 {
		return
	}
	e.Paced = true
	e.RetryAfter = max(e.RetryAfter, min(time.Duration(seconds)*time.Second, maxPace))
}
