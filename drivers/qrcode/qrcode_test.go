package qrcode_test

import (
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	zxing "github.com/makiuchi-d/gozxing/qrcode"
	peer "github.com/pquerna/otp"
	peertotp "github.com/pquerna/otp/totp"

	"github.com/airworthy-go/airworthy/drivers/qrcode"
	"github.com/airworthy-go/airworthy/otp"
	"github.com/airworthy-go/airworthy/secret"
)

func ExampleSVG() {
	var totp otp.TOTP
	svg, err := qrcode.SVG(totp.URI(otp.NewSecret(), "Bulletin", "alice").Reveal())
	fmt.Println(err, strings.HasPrefix(string(svg), "<svg "))
	// Output: <nil> true
}

var run = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)

// drawn paints what an SVG element says, four pixels a module.
func drawn(t *testing.T, svg string) image.Image {
	t.Helper()
	var element struct {
		ViewBox string `xml:"viewBox,attr"`
		Role    string `xml:"role,attr"`
		Label   string `xml:"aria-label,attr"`
		Rect    struct {
			Width int    `xml:"width,attr"`
			Fill  string `xml:"fill,attr"`
		} `xml:"rect"`
		Path struct {
			D string `xml:"d,attr"`
		} `xml:"path"`
	}
	if err := xml.Unmarshal([]byte(svg), &element); err != nil {
		t.Fatalf("the element cannot be parsed: %v", err)
	}
	if element.Role != "img" || element.Label == "" || element.Rect.Fill != "#fff" {
		t.Errorf("role %q, label %q, background %q", element.Role, element.Label, element.Rect.Fill)
	}
	n := element.Rect.Width
	if element.ViewBox != fmt.Sprintf("0 0 %d %d", n, n) {
		t.Errorf("a view box of %s around %d", element.ViewBox, n)
	}
	img := image.NewGray(image.Rect(0, 0, 4*n, 4*n))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	if rest := run.ReplaceAllString(element.Path.D, ""); rest != "" {
		t.Fatalf("the path holds more than runs: %.40q", rest)
	}
	for _, m := range run.FindAllStringSubmatch(element.Path.D, -1) {
		x, _ := strconv.Atoi(m[1])
		y, _ := strconv.Atoi(m[2])
		w, _ := strconv.Atoi(m[3])
		if m[3] != m[4] || x < 4 || y < 4 || x+w > n-4 || y+1 > n-4 {
			t.Fatalf("%s of %d reaches into the quiet zone", m[0], n)
		}
		for py := 4 * y; py < 4*y+4; py++ {
			for px := 4 * x; px < 4*(x+w); px++ {
				img.SetGray(px, py, color.Gray{})
			}
		}
	}
	return img
}

func read(t *testing.T, img image.Image) string {
	t.Helper()
	bmp, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		t.Fatal(err)
	}
	result, err := zxing.NewQRCodeReader().Decode(bmp, nil)
	if err != nil {
		t.Fatalf("a scanner cannot read it: %v", err)
	}
	return result.GetText()
}

// TestScans reads what was drawn with another library's scanner.
func TestScans(t *testing.T) {
	for _, text := range []string{
		"otpauth://totp/Village%20News:alice@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&algorithm=SHA1&digits=6&period=30&issuer=Village%20News",
		"a", "0123", "Grüße, 日本語", strings.Repeat("long ", 200),
	} {
		svg, err := qrcode.SVG(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, drawn(t, string(svg))); got != text {
			t.Errorf("a scanner reads %.60q, want %.60q", got, text)
		}
		for _, never := range []string{"style", "<script", "href", "url("} {
			if strings.Contains(string(svg), never) {
				t.Errorf("the element holds %q", never)
			}
		}
	}
}

func TestErrorsHoldNothingOfTheText(t *testing.T) {
	if _, err := qrcode.SVG(strings.Repeat("x", qrcode.MaxText)); err != nil {
		t.Errorf("as much as fits: %v", err)
	}
	for _, text := range []string{"", strings.Repeat("secret", 400)} {
		svg, err := qrcode.SVG(text)
		if err == nil || svg != "" || strings.Contains(err.Error(), "secret") {
			t.Errorf("SVG of %d bytes: %d bytes, error %v", len(text), len(svg), err)
		}
	}
}

// TestCodesOfPeer compares package otp with github.com/pquerna/otp, which the core must not import.
func TestCodesOfPeer(t *testing.T) {
	for i := range 500 {
		sec := otp.NewSecret()
		at := time.Unix(int64(i)*1_234_567, 0)
		ours := otp.TOTP{Digits: []int{6, 8}[i%2], Period: []time.Duration{30 * time.Second, time.Minute}[i/2%2]}
		theirs := peertotp.ValidateOpts{Period: uint(ours.Period / time.Second), Skew: 1, Digits: peer.Digits(ours.Digits), Algorithm: peer.AlgorithmSHA1}
		want, err := peertotp.GenerateCodeCustom(sec.Reveal(), at, theirs)
		if err != nil {
			t.Fatal(err)
		}
		if got := ours.Code(sec, at); got != want {
			t.Errorf("case %d: Code = %s, want %s", i, got, want)
		}
		for after := -3; after <= 3; after++ {
			code := ours.Code(sec, at.Add(time.Duration(after)*ours.Period))
			want, err := peertotp.ValidateCustom(code, sec.Reveal(), at, theirs)
			if err != nil {
				t.Fatal(err)
			}
			if _, got := ours.Verify(sec, code, at, otp.Device{Last: -10}); got != want {
				t.Errorf("case %d: %d periods later: %v, want %v", i, after, got, want)
			}
		}
	}
}

func TestAddressesOfPeer(t *testing.T) {
	for _, account := range []string{"alice", "alice@example.com", "Ü & ?", "a/b"} {
		sec := secret.New("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
		key, err := peer.NewKeyFromURL(otp.TOTP{Digits: 8, Period: time.Minute}.URI(sec, "Village News", account).Reveal())
		if err != nil {
			t.Fatal(err)
		}
		if key.Type() != "totp" || key.Issuer() != "Village News" || key.AccountName() != account || key.Secret() != sec.Reveal() ||
			key.Period() != 60 || key.Digits() != peer.DigitsEight || key.Algorithm() != peer.AlgorithmSHA1 {
			t.Errorf("of %q the peer reads issuer %q, account %q", account, key.Issuer(), key.AccountName())
		}
	}
}
