// Package page is the simulator's page: phones, the business's desk and the account side by side,
// in plain HTML, CSS and JavaScript modules that the program carries.
//
// assets/index.html is the page and assets/js/main.js its beginning. vendor holds the two libraries
// that it uses.
package page

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed assets
var embedded embed.FS

// Path is where the page's files are. The page itself is also at "/".
const Path = "/page/"

// policy lets the page load nothing but its own files, and talk to nobody but who serves it. Files
// that phones and businesses send are shown from the same origin; a picture that is about to be
// sent is a blob.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; " +
	"media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler serves the page and its files.
func Handler() http.Handler {
	assets, err := fs.Sub(embedded, "assets")
	if err != nil {
		panic(err) // the name is a constant
	}
	files := http.StripPrefix(Path, http.FileServerFS(assets))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-cache")
		if r.URL.Path == "/" {
			http.ServeFileFS(w, r, assets, "index.html")
			return
		}
		files.ServeHTTP(w, r)
	})
}
