// Package qrcode draws QR codes for pages under a strict Content-Security-Policy: as inline SVG without scripts, styles
// and addresses.
//
// It protects the secret of a second factor on its way from the page to the app: the code is part of a page that
// nobody may store, rather than an image with an address of its own, or one that some other site draws. Errors hold nothing
// of the text. What is on a screen can be photographed: the package does nothing about that.
package qrcode

import (
	"errors"
	"fmt"
	"html/template"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// MaxText is how many bytes a text may have. More fits into no code at this level of correction.
const MaxText = 2331

// quiet is the white border that scanners need, in modules (ISO/IEC 18004, section 9.1).
const quiet = 4

// scale is how many pixels of a page a module takes, unless a stylesheet says something else.
const scale = 5

// SVG returns an SVG element that shows text as a QR code, at correction level M. It is black on white whatever the
// page's colours are, since many scanners read no inverted codes. It bears the class "qrcode" and for screen readers the
// role of an image and a label. The error is for an empty text or one of more than MaxText bytes.
func SVG(text string) (template.HTML, error) {
	if text == "" {
		return "", errors.New("qrcode: there is no text to draw")
	}
	if len(text) > MaxText {
		return "", fmt.Errorf("qrcode: the text has %d bytes, of which a QR code can hold %d", len(text), MaxText)
	}
	code, err := qr.Encode(text, qr.M, qr.Unicode)
	if err != nil {
		return "", errors.New("qrcode: the text cannot be drawn") // the library's error quotes it
	}
	n := code.Bounds().Dx()
	dark := func(x, y int) bool {
		r, _, _, _ := code.At(x, y).RGBA()
		return r == 0
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" class="qrcode" role="img" aria-label="QR code" width="%[1]d" height="%[1]d" `+
		`viewBox="0 0 %[2]d %[2]d" shape-rendering="crispEdges"><rect width="%[2]d" height="%[2]d" fill="#fff"/><path fill="#000" d="`,
		(n+2*quiet)*scale, n+2*quiet)
	for y := range n {
		for x := 0; x < n; x++ {
			start := x
			for x < n && dark(x, y) {
				x++
			}
			if x > start {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%[3]dz", start+quiet, y+quiet, x-start)
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return template.HTML(b.String()), nil
}
