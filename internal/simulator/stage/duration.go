package stage

import (
	"encoding/json"
	"errors"
	"time"
)

// Duration is a time.Duration written as "1.5s".
type Duration time.Duration

// UnmarshalJSON reads a duration.
func (d *Duration) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return errors.New(`a duration is written as a string such as "500ms"`)
	}
	parsed, err := time.ParseDuration(text)
	if err != nil || parsed < 0 {
		return errors.New(`a duration is written as a string such as "500ms" and is not negative`)
	}
	*d = Duration(parsed)
	return nil
}

// MarshalJSON writes a duration.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }
