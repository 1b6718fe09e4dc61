package whatsapp

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/graph/clientbody"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/request"
)

// blockUser names a customer in a request.
type blockUser struct {
	User string `json:"user"`
}

// BlockResult is the outcome of blocking or unblocking.
type BlockResult struct {
	// Done are the users of added_users or removed_users.
	Done []BlockedUser
	// Failed are those that could not be blocked, each with its errors.
	Failed []BlockFailure
}

// BlockedUser names a customer as given and as known.
type BlockedUser struct {
	Input string `json:"input"`
	WAID  string `json:"wa_id"`
}

// BlockFailure is a user that could not be blocked. An error of code 131047 means that the user has
// not written within 24 hours.
type BlockFailure struct {
	BlockedUser
	// Errors is the list of errors as it came.
	Errors json.RawMessage `json:"errors,omitempty"`
}

// maxBlocks bounds a request to block customers, in bytes.
const maxBlocks = 1 << 20

// ParseBlocks implements network.Blocker.
func (Network) ParseBlocks(body []byte) ([]string, error) {
	var request struct {
		Users []blockUser `json:"block_users"`
	}
	rules := clientbody.Rules{
		MaxBytes: maxBlocks, Others: []string{"block_users"}, Fail: func(sentence string) *graph.Error {
			return graph.NewError(graph.CodeInvalidParameter, sentence)
		},
	}
	raw, _, err := rules.Read(body)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, graph.NewError(graph.CodeInvalidParameter,
			"The body is not the JSON that this path takes. Check its fields and their types.")
	}
	users := make([]string, 0, len(request.Users))
	for _, user := range request.Users {
		users = append(users, user.User)
	}
	return users, nil
}

// Block implements network.BlockingUpstream. Only customers who wrote within 24 hours can be
// blocked. If some could not be, the result tells of both kinds and the error is nil. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/block-users
func (u *upstream) Block(ctx context.Context, users []string, blocked bool) (network.Blocked, error) {
	request := struct {
		MessagingProduct string      `json:"messaging_product"`
		BlockUsers       []blockUser `json:"block_users"`
	}{MessagingProduct: request.Product}
	for _, user := range users {
		request.BlockUsers = append(request.BlockUsers, blockUser{asDialled(user)})
	}
	body, err := json.Marshal(request)
	if err != nil {
		return network.Blocked{}, fmt.Errorf("encode the request: %w", err)
	}
	method := http.MethodDelete
	if blocked {
		method = http.MethodPost
	}
	raw, err := u.api.Call(ctx, method, u.path+"/block_users", nil, body)
	if failure, ok := graph.AsError(err); err != nil && (!ok || failure.Code != graph.CodeBlockUsersFailed) {
		return network.Blocked{}, err
	}
	var answer struct {
		BlockUsers struct {
			Added   []BlockedUser  `json:"added_users"`
			Removed []BlockedUser  `json:"removed_users"`
			Failed  []BlockFailure `json:"failed_users"`
		} `json:"block_users"`
	}
	if err := graph.Decode(raw, &answer); err != nil {
		return network.Blocked{}, err
	}
	result := BlockResult{
		Done: append(answer.BlockUsers.Added, answer.BlockUsers.Removed...), Failed: answer.BlockUsers.Failed,
	}
	result.nameAsGiven(users)
	return blockedOf(result), nil
}

// nameAsGiven names each user as the client does, who may write a number otherwise than it is
// dialled.
func (r *BlockResult) nameAsGiven(users []string) {
	given := make(map[string]string, len(users))
	for _, user := range users {
		given[asDialled(user)] = user
	}
	for i := range r.Done {
		r.Done[i].Input = cmp.Or(given[r.Done[i].Input], r.Done[i].Input)
	}
	for i := range r.Failed {
		r.Failed[i].Input = cmp.Or(given[r.Failed[i].Input], r.Failed[i].Input)
	}
}

func blockedOf(result BlockResult) network.Blocked {
	blocked := network.Blocked{Answer: result}
	for _, user := range result.Done {
		blocked.Done = append(blocked.Done, network.Known{
			Input: identity.Of(user.Input), Addresses: addresses(user.WAID),
		})
	}
	return blocked
}

// AnswerBlocks implements network.Blocker: it answers as the upstream does, with 400 and both lists
// if some users could not be (un)blocked.
func (Network) AnswerBlocks(blocked network.Blocked, block bool, id string) (int, []byte, error) {
	result, ok := blocked.Answer.(BlockResult)
	if !ok {
		return 0, nil, fmt.Errorf("a result of blocking is %T, none of WhatsApp's", blocked.Answer)
	}
	list := map[string]any{}
	key := "removed_users"
	if block {
		key = "added_users"
	}
	if len(result.Done) > 0 {
		list[key] = result.Done
	}
	status, answer := http.StatusOK, map[string]any{"messaging_product": request.Product, "block_users": list}
	if len(result.Failed) > 0 {
		list["failed_users"] = result.Failed
		failure := graph.NewError(graph.CodeBlockUsersFailed,
			"Some users could not be blocked or unblocked: see failed_users.")
		failure.TraceID = id
		encoded, err := json.Marshal(failure)
		if err != nil {
			return 0, nil, fmt.Errorf("encode the answer: %w", err)
		}
		var shape struct {
			Error json.RawMessage `json:"error"`
		}
		if err := json.Unmarshal(encoded, &shape); err != nil {
			return 0, nil, fmt.Errorf("encode the answer: %w", err)
		}
		status, answer["error"] = http.StatusBadRequest, shape.Error
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return 0, nil, fmt.Errorf("encode the answer: %w", err)
	}
	return status, body, nil
}
