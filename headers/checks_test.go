package headers_test

import (
	"testing"

	"github.com/airworthy-go/airworthy/check/checktest"
	"github.com/airworthy-go/airworthy/headers"
)

func TestChecks(t *testing.T) {
	type c = headers.Config
	checktest.Run(t, headers.Config.Checks, []checktest.Case[headers.Config]{
		{ID: "security.W001", Raises: c{InsecureOff: true}, Clean: c{}},

		{ID: "security.W002", Raises: c{FrameOptions: "none"}, Clean: c{}},
		{ID: "security.W002", Raises: c{FrameOptions: "none"}, Clean: c{FrameOptions: "SAMEORIGIN"}},

		{ID: "security.W006", Raises: c{InsecureSniff: true}, Clean: c{}},
		{ID: "security.W006", Raises: c{InsecureSniff: true}, Clean: c{InsecureSniff: true, InsecureOff: true}},

		{ID: "security.W019", Raises: c{FrameOptions: "SAMEORIGIN"}, Clean: c{FrameOptions: "DENY"}},
		{ID: "security.W019", Raises: c{FrameOptions: "deny"}, Clean: c{}}, // Django compares with case (django.md T9)
		{ID: "security.W019", Raises: c{FrameOptions: "ALLOWALL"}, Clean: c{FrameOptions: "none"}},

		{ID: "security.W022", Raises: c{ReferrerPolicy: "none"}, Clean: c{}},
		{ID: "security.W022", Raises: c{ReferrerPolicy: "none"}, Clean: c{ReferrerPolicy: "none", InsecureOff: true}},

		{ID: "security.E023", Raises: c{ReferrerPolicy: "never"}, Clean: c{ReferrerPolicy: "origin"}},
		{ID: "security.E023", Raises: c{ReferrerPolicy: " "}, Clean: c{}},
		{ID: "security.E023", Raises: c{ReferrerPolicy: ","}, Clean: c{ReferrerPolicy: "none"}},
		{ID: "security.E023", Raises: c{ReferrerPolicy: "same-origin,"}, Clean: c{ReferrerPolicy: "same-origin , origin"}},
		{ID: "security.E023", Raises: c{ReferrerPolicy: "Same-Origin"}, Clean: c{ReferrerPolicy: "unsafe-url"}},

		{ID: "security.E024", Raises: c{CrossOriginOpenerPolicy: "same-site"}, Clean: c{CrossOriginOpenerPolicy: "unsafe-none"}},
		{ID: "security.E024", Raises: c{CrossOriginOpenerPolicy: "noopener-allow-popups"},
			Clean: c{CrossOriginOpenerPolicy: "same-origin-allow-popups"}},

		{ID: "headers.W001", Raises: c{ReferrerPolicy: "unsafe-url"}, Clean: c{ReferrerPolicy: "strict-origin"}},
		{ID: "headers.W001", Raises: c{ReferrerPolicy: "unsafe-url, origin"}, Clean: c{}},

		{ID: "headers.W002", Raises: c{ReferrerPolicy: "no-referrer"}, Clean: c{ReferrerPolicy: "no-referrer-when-downgrade"}},
		{ID: "headers.W002", Raises: c{ReferrerPolicy: "origin, no-referrer"}, Clean: c{ReferrerPolicy: "no-referrer, origin"}},

		{ID: "headers.W003", Raises: c{CrossOriginOpenerPolicy: "none"}, Clean: c{}},
		{ID: "headers.W003", Raises: c{CrossOriginOpenerPolicy: "unsafe-none"},
			Clean: c{CrossOriginOpenerPolicy: "same-origin-allow-popups"}},

		{ID: "headers.W004", Raises: c{CrossOriginResourcePolicy: "none"}, Clean: c{}},
		{ID: "headers.W004", Raises: c{CrossOriginResourcePolicy: "cross-origin"}, Clean: c{CrossOriginResourcePolicy: "same-site"}},

		{ID: "headers.W005", Raises: c{InsecureNoPermissionsPolicy: true}, Clean: c{}},

		{ID: "headers.W006", Raises: c{PermissionsPolicy: headers.Permissions{"camera": {"*"}}},
			Clean: c{PermissionsPolicy: headers.Permissions{"camera": {"self", "https://meet.example.com"}}}},

		{ID: "headers.E001", Raises: c{FrameOptions: "ALLOWALL"}, Clean: c{FrameOptions: "sameorigin"}},
		{ID: "headers.E001", Raises: c{Extra: map[string]string{"X-A": "b\r\nSet-Cookie: c=d"}},
			Clean: c{Extra: map[string]string{"X-A": "b"}}},
		{ID: "headers.E001", Raises: c{CrossOriginResourcePolicy: "same"}, Clean: c{ReferrerPolicy: "never"}}, // E023 says it
	})
}
