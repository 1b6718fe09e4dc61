package gateway

import (
	"fmt"
	"strings"

	"github.com/guichet-dev/guichet/internal/identity"
)

// contact is a customer of a story.
type contact struct {
	numbers []string   // spellings of the number of today
	user    string     // the network's id of the person
	moves   [][]string // spellings of the numbers that the person will have
}

func storyPeople() []*contact {
	return []*contact{
		{numbers: []string{ana}, user: "FR.7001", moves: [][]string{{"33612345690"}}},
		{numbers: []string{"33612345679"}, user: "FR.ENT.7002"},
		{
			numbers: []string{"5491155560004", "541155560004", "54111555560004"}, user: "AR.7003",
			moves: [][]string{{"5491155560005", "541155560005"}, {"541155560006", "54111555560006"}},
		},
		{
			numbers: []string{"5521961234567", "552161234567"}, user: "BR.7004",
			moves: [][]string{{"5511987654321", "551187654321"}},
		},
		{numbers: []string{"551161234567", "5511961234567"}, user: "BR.7005"},
		{numbers: []string{"552151234567"}, user: "BR.7006"}, // a landline, and somebody's mobile number
		{numbers: []string{"5521951234567"}, user: "BR.7007"},
		{numbers: []string{"919876543210"}, user: "IN.7008"},
		{numbers: []string{"4915112345678", "49015112345678"}, user: "DE.7009"},
		{numbers: []string{"12025550123"}, user: "US.7010"},
	}
}

// someone is a customer and a channel.
func (s *story) someone() (channel string, who *contact) {
	return pick(s, phoneID, secondPhone), pick(s, s.people...)
}

// address is one of a person's addresses (P13).
func (s *story) address(of *contact) string {
	return pick(s, append([]string{of.user}, of.numbers...)...)
}

// author is how a webhook names who writes, and how a line does: by number, by user id, or by both,
// which tells that they are one person's.
func (s *story) author(of *contact) (members, line string) {
	number := pick(s, of.numbers...)
	id := "from_user_id"
	if strings.Contains(of.user, ".ENT.") {
		id = "from_parent_user_id"
	}
	switch s.random.IntN(4) {
	case 0:
		return fmt.Sprintf(`%q:%q`, id, of.user), fmt.Sprintf(`"customer":%q`, of.user)
	case 1:
		return fmt.Sprintf(`"from":%q,%q:%q`, number, id, of.user),
			fmt.Sprintf(`"customer":%q,"alsoKnownAs":[%q]`, number, of.user)
	default:
		return fmt.Sprintf(`"from":%q`, number), fmt.Sprintf(`"customer":%q`, number)
	}
}

// moves has a customer change to another number, as the network tells now or told before.
func (s *story) moves() {
	channel, who := s.someone()
	if len(who.moves) == 0 {
		return
	}
	former := pick(s, who.numbers...)
	who.numbers, who.moves = who.moves[0], who.moves[1:]
	number := pick(s, who.numbers...)
	system := pick(
		s, `"type":"user_changed_number","wa_id":`, `"type":"customer_changed_number","new_wa_id":`,
	) + fmt.Sprintf("%q", number)
	id := fmt.Sprintf("wamid.in.%d", len(s.lines))
	s.intake(webhookOf(channel, fmt.Sprintf(
		`"messages":[{"from":%q,"id":%q,"timestamp":%q,"type":"system","system":{"body":"changed",%s}}]`,
		former, id, unixSeconds(s.now), system,
	)))
	s.line(
		`"type":"inbound","id":%q,"channel":%q,"customer":%q,"alsoKnownAs":[%q],"kind":"system"`, id, channel, former,
		number,
	)
}

// recipientOf names whom a status is about.
func recipientOf(customer string) string {
	switch identity.Address(customer).Kind() {
	case identity.UserID:
		return fmt.Sprintf(`"recipient_user_id":%q`, customer)
	case identity.ParentUserID:
		return fmt.Sprintf(`"recipient_parent_user_id":%q`, customer)
	default:
		return fmt.Sprintf(`"recipient_id":%q`, customer)
	}
}
