package pages

import (
	"time"

	"golang.org/x/time/rate"

	"github.com/guichet-dev/guichet/internal/graph"
)

// Windows. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages and .../policy
const (
	standardWindow   = 24 * time.Hour
	humanAgentWindow = 7 * 24 * time.Hour
	privateReplyTime = 7 * 24 * time.Hour
)

// pageInbox is the app of those who answer by hand at the page itself.
const pageInbox = "263902037430900"

// controlLapses is how long an app keeps a thread that is idle.
const controlLapses = 24 * time.Hour

// person is somebody with a page-scoped id.
type person struct {
	id   string
	name string
	// acted is the latest action that opens a window, and cameByAd the first message after an
	// advertisement, if that still counts.
	acted, cameByAd time.Time
	// clicked says that an advertisement led into the thread, and no message has followed.
	clicked bool
	// off holds deliveries back; noReceipts shares no read receipts; silent reports no deliveries;
	// blocks refuses the page.
	off, noReceipts, silent, blocks bool
	// sent are the messages that have not reached the person yet, oldest first.
	sent []*sent
	// owner is the app that has the thread, empty while it is idle, since taken.
	owner string
	taken time.Time
}

// comment is a public one, on a post or as a post.
type comment struct {
	author  string
	at      time.Time
	replied bool
}

// windowOpen tells whether the page may write freely: half-open, from the person's own timestamp.
func (p *person) windowOpen(now time.Time, adWindow time.Duration) bool {
	return within(p.acted, standardWindow, now) || within(p.cameByAd, adWindow, now)
}

// within tells whether an instant is in the half-open span that another one has begun.
func within(from time.Time, length time.Duration, now time.Time) bool {
	return !from.IsZero() && now.Before(from.Add(length))
}

// act notes an action that opens a window.
func (p *person) act(at time.Time) {
	if at.After(p.acted) {
		p.acted = at
	}
}

// ownedByOther tells whether another app has the thread.
func (p *person) ownedByOther(app string, now time.Time) bool {
	return p.owner != "" && p.owner != app && within(p.taken, controlLapses, now)
}

// limiters are the rates of the Send API. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/overview/rate-limiting
type limiters struct{ text, media *rate.Limiter }

const (
	textsPerSecond = 300
	mediaPerSecond = 10
)

func newLimiters() limiters {
	return limiters{
		rate.NewLimiter(textsPerSecond, textsPerSecond), rate.NewLimiter(mediaPerSecond, mediaPerSecond),
	}
}

func (l limiters) limit(media bool, now time.Time) *graph.Error {
	bucket := l.text
	if media {
		bucket = l.media
	}
	if bucket.AllowN(now, 1) {
		return nil
	}
	return refuse(codeRate, 0, "Calls to this api have exceeded the rate limit.")
}
