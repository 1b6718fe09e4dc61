package graph

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

type blockRequest struct {
	MessagingProduct string      `json:"messaging_product"`
	BlockUsers       []blockUser `json:"block_users"`
}

type blockUser struct {
	User string `json:"user"`
}

type blockAnswer struct {
	BlockUsers struct {
		Added   []BlockedUser  `json:"added_users"`
		Removed []BlockedUser  `json:"removed_users"`
		Failed  []BlockFailure `json:"failed_users"`
	} `json:"block_users"`
}

// BlockUsers blocks customers for a number. Only those who wrote within 24 hours
// can be blocked. If some could not be, the result lists both kinds and the
// error is nil.
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/block-users
func (c *Client) BlockUsers(ctx context.Context, phoneNumberID string, users []string) (BlockResult, error) {
	return c.block(ctx, http.MethodPost, phoneNumberID, users)
}

// UnblockUsers takes a block back; the result is as that of BlockUsers.
func (c *Client) UnblockUsers(ctx context.Context, phoneNumberID string, users []string) (BlockResult, error) {
	return c.block(ctx, http.MethodDelete, phoneNumberID, users)
}

func (c *Client) block(ctx context.Context, method, phoneNumberID string, users []string) (BlockResult, error) {
	in := blockRequest{MessagingProduct: messagingProduct}
	for _, user := range users {
		in.BlockUsers = append(in.BlockUsers, blockUser{user})
	}
	body, err := json.Marshal(in)
	if err != nil {
		return BlockResult{}, err
	}
	raw, err := c.call(ctx, method, url.PathEscape(phoneNumberID)+"/block_users", nil, body)
	if failure, ok := AsError(err); err != nil && (!ok || failure.Code != CodeBlockUsersFailed) {
		return BlockResult{}, err
	}
	var answer blockAnswer
	if err := decode(raw, &answer); err != nil {
		return BlockResult{}, err
	}
	all := answer.BlockUsers
	return BlockResult{Done: append(all.Added, all.Removed...), Failed: all.Failed}, nil
}
