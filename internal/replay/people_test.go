package replay

import (
	"fmt"
	"strings"
	"testing"
)

// knownAs adds the other addresses of its customer to a line.
func knownAs(line string, addresses ...string) string {
	return strings.TrimSuffix(line, "}") + `,"alsoKnownAs":["` + strings.Join(addresses, `","`) + `"]}`
}

// sendTo is a free-form message.
func sendTo(at, id, channel, customer string) string {
	return fmt.Sprintf(
		`{"time":%q,"type":"send","id":%q,"channel":%q,"customer":%q,"kind":"text"}`, at, id, channel, customer,
	)
}

func TestP13AddressesOfOnePersonShareWindows(t *testing.T) {
	const number, user, parent = "33612345678", "FR.7001", "FR.ENT.7002"
	tests := map[string]struct {
		lines []string
		want  []string
	}{
		"not known": {
			[]string{inbound("2026-10-05T10:00:00Z", number), sendTo("2026-10-05T10:01:00Z", "m1", "1066", user)},
			[]string{"m1 refused"},
		},
		"told with the message": {
			[]string{
				knownAs(inbound("2026-10-05T10:00:00Z", number), user, parent),
				sendTo("2026-10-05T10:01:00Z", "m1", "1066", user),
				sendTo("2026-10-05T10:01:00Z", "m2", "1066", parent),
				sendTo("2026-10-05T10:01:00Z", "m3", "1067", parent),
			},
			[]string{"m3 refused"},
		},
		"told with the send": {
			[]string{
				inbound("2026-10-05T10:00:00Z", user),
				knownAs(sendTo("2026-10-05T10:01:00Z", "m1", "1066", "+33 6 12 34 56 78"), user),
			},
			nil,
		},
		"told with a status, through a third address": {
			[]string{
				inbound("2026-10-05T10:00:00Z", user),
				knownAs(strings.Replace(
					status("2026-10-05T10:01:00Z", "unknown", "sent"), "}", `,"customer":"`+parent+`"}`, 1,
				), number),
				sendTo("2026-10-05T10:01:00Z", "m1", "1066", number),
				knownAs(sendTo("2026-10-05T10:01:00Z", "m2", "1066", parent), user),
				sendTo("2026-10-05T10:01:00Z", "m3", "1066", number),
			},
			[]string{"m1 refused"},
		},
		"while messages are under way to both": {
			[]string{
				strings.Replace(inbound("2026-10-05T10:00:00Z", number), "false", "true", 1),
				send("2026-10-05T11:00:00Z", "m1", utility),
				strings.Replace(send("2026-10-05T11:00:00Z", "m2", utility), number, user, 1),
				strings.Replace(send("2026-10-05T11:00:00Z", "m3", utility), number, user, 1),
				status("2026-10-05T11:00:01Z", "m1", "delivered"),
				status("2026-10-05T11:00:01Z", "m2", "delivered"),
				knownAs(inbound("2026-10-05T11:00:02Z", user), number),
				status("2026-10-05T11:00:03Z", "m3", "delivered"),
			},
			[]string{"m1 utility 0 freeEntryPoint", "m2 utility 0.03 ", "m3 utility 0 freeEntryPoint"},
		},
		"an entry point is stated once they are one, of a message to the former": {
			[]string{
				strings.Replace(inbound("2026-10-05T10:00:00Z", user), "false", "true", 1),
				strings.Replace(send("2026-10-05T11:00:00Z", "m1", utility), number, user, 1),
				status("2026-10-05T11:00:01Z", "m1", "delivered"),
				send("2026-10-05T11:00:02Z", "m2", utility), status("2026-10-05T11:00:02Z", "m2", "failed"),
				knownAs(inbound("2026-10-05T11:00:03Z", number), user),
				strings.Replace(
					status("2026-10-05T11:00:04Z", "m1", "read"), "}", `,"entryPointExpiry":"2026-10-15T11:00:00Z"}`, 1,
				),
				send("2026-10-14T11:00:00Z", "m3", utility), status("2026-10-14T11:00:00Z", "m3", "delivered"),
				status("2026-10-14T11:00:00Z", "m2", "delivered"),
			},
			[]string{
				"m1 utility 0 freeEntryPoint", "m2 utility 0 undelivered", "m3 utility 0 freeEntryPoint",
				"m2 corrected to utility 0 freeEntryPoint",
			},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := run(book(t, "whatsapp"), tc.lines...)
			if err != nil {
				t.Fatal(err)
			}
			expect(t, got, tc.want...)
		})
	}
}

func TestAddressesOfOnePersonAreBounded(t *testing.T) {
	line := inbound("2026-10-05T10:00:00Z", "33612345678")
	for name, tc := range map[string]struct{ line, want string }{
		"too many": {
			knownAs(line, strings.Split(strings.Repeat("FR.1 ", maxAddresses), " ")...),
			"events: line 1: alsoKnownAs must not hold more than 8 addresses",
		},
		"none": {knownAs(line, "FR.1", ""), "events: line 1: alsoKnownAs must hold addresses"},
		"NUL":  {knownAs(line, `FR.1\u0000`), "events: line 1: alsoKnownAs must hold addresses"},
		"of nobody": {
			knownAs(status("2026-10-05T10:00:00Z", "m1", "sent"), "FR.1"),
			"events: line 1: customer must be there with alsoKnownAs",
		},
		"no list": {
			strings.Replace(line, `"kind"`, `"alsoKnownAs":"FR.1","kind"`, 1),
			`events: line 1: "alsoKnownAs" must be a`,
		},
	} {
		if _, err := run(book(t, "whatsapp"), tc.line); err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s:\ngot  %v\nwant %s", name, err, tc.want)
		}
	}
}
