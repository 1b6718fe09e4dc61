package webhook

import (
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/request"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// File is the file that a message brings with an address; nil for most messages.
func (m *Message) File() *network.File {
	switch m.Type {
	case request.TypeImage, request.TypeVideo, request.TypeAudio, request.TypeDocument, request.TypeSticker:
		described := m.object.Child(m.Type)
		if address := described.Text(urlMember); address != "" {
			return &network.File{URL: address, SHA256: described.Text("sha256")}
		}
	}
	return nil
}

// Readdressed is the member of a message whose file has another address now; nil where it has not.
func (m *Message) Readdressed(file *network.File) []rawjson.Member {
	if file == nil {
		return nil
	}
	described := m.object.Child(m.Type)
	if described.Text(urlMember) == file.URL {
		return nil
	}
	return []rawjson.Member{{Name: m.Type, Value: described.Set(urlMember, rawjson.Quote(file.URL))}}
}

// Quoting are the members of a message in which it quotes ours by the ids that the business knows.
func (m *Message) Quoting(ours []string) (changes []rawjson.Member) {
	for _, quoted := range []struct{ id, member, name string }{
		{m.ReplyTo, contextMember, "id"},
		{m.ReactionTo, request.TypeReaction, messageIDMember},
	} {
		if quoted.id == "" || len(ours) == 0 {
			continue
		}
		if id := ours[0]; id != "" {
			value := m.object.Child(quoted.member).Set(quoted.name, rawjson.Quote(id))
			changes = append(changes, rawjson.Member{Name: quoted.member, Value: value})
		}
		ours = ours[1:]
	}
	return changes
}
