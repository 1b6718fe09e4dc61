package simulator

import (
	"encoding/base64"
	"fmt"
	"strconv"
)

// messageID makes an id of the form that Meta uses. It is unique: the prefix
// comes from the seed, the rest is counted.
func (st *state) messageID() string {
	st.ids++
	return "wamid." + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "HBgM%08X%012X", st.prefix, st.ids))
}

// objectID makes the number of a template.
func (st *state) objectID() string {
	st.ids++
	return strconv.FormatUint(1_000_000_000_000_000+uint64(st.prefix)*1_000_000+st.ids, 10)
}

// traceID makes the fbtrace_id of an error.
func (st *state) traceID() string {
	st.ids++
	return "A" + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%04X%08X", st.prefix&0xFFFF, st.ids))
}
