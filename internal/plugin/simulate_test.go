package plugin

import (
	"errors"
	"strings"
	"testing"
)

// simulator is a forwarded port that is closed at once, or that cannot be opened.
func simulatorAt(address string, err error) Surroundings {
	ended := make(chan error, 1)
	ended <- nil
	return Surroundings{forward: func(namespace string, port int) (string, <-chan error, error) {
		if namespace != "guichet-simulator" || port != 8090 {
			return "", nil, errors.New("that is not the simulator")
		}
		return address, ended, err
	}}
}

func TestSimulatePrintsThePageWithTheAccountsToken(t *testing.T) {
	for arguments, want := range map[string]string{
		"simulate acme": "http://127.0.0.1:41234/#token=canary-api-token\n", "simulate": "http://127.0.0.1:41234/\n",
	} {
		printed, err := runIn(t, simulatorAt("http://127.0.0.1:41234", nil), strings.Fields(arguments)...)
		if err != nil || !strings.HasPrefix(printed, want) {
			t.Errorf("%s: got %q, %v", arguments, printed, err)
		}
	}
}

func TestSimulateSaysWhatIsWrong(t *testing.T) {
	for arguments, want := range map[string]string{
		"simulate gone":                       `there is no BusinessAccount "gone"`,
		"simulate bikes -n bikes":             `secrets "bikes-api-tokens" not found`,
		"simulate --simulator-namespace else": "that is not the simulator",
	} {
		_, err := runIn(t, simulatorAt("", nil), strings.Fields(arguments)...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", arguments, err, want)
		}
	}
}
