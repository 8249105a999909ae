package secretrule

import (
	"crypto/sha256"
	"encoding/hex"
)

// publishedTokens are the SHA-256 of keys that stand in the documentation of those who issue them, and of emulators that
// have one key for all. They are hashed so that scans for secrets need not except this file.
var publishedTokens = map[string]bool{
	"6b59c03c307209873c0219cde6ef59bc8ac6f22c0a5886dc0ac942523ff592dc": true, // Grafana, the documentation of its API
	"2cafc0970149a84f3b9e62eaf169f36f59907a3b3e31f7b82e68c69cd27f7326": true, // Stripe, the documentation
	"f2d6ca16515033e5dce14eba840b979d27b5cbae24bb3e5bf484339667f86397": true, // Stripe, the documentation
	"2d1f7723aabc5c7a51fcdc2463c99b5f3fdbc57cf3134db4ac12913c35976e6f": true, // Stripe, the documentation
	"0011cc25eb4320717494d2703e8cba85743e71b500283c21c8b88147992f9059": true, // Azurite, the emulator of Azure Storage
	"aa6547439583c3a275d4542a0df6c1ad6a863971be9f2a2220f027cc02aef615": true, // the emulator of Azure Cosmos DB
	"78314b11be2e581549ac1c4f616563fad3fdf0c3b71678f6e2299182080e0598": true, // AWS, the documentation
	"7f75367e7881255134e1375e723d1dea8ad5f6a4fdb79d938df1f1754a830606": true, // jwt.io
	"f5e95c9954635b65acab57e6d5ea663eb900f06dc8794a90358f5abb1c77d4e0": true, // reCAPTCHA, for tests
}

// Published reports whether a value is no secret because it stands where everybody can read it: in the documentation of who
// issues such ones, or in an emulator.
func Published(value []byte) bool {
	sum := sha256.Sum256(value)
	return publishedTokens[hex.EncodeToString(sum[:])]
}
