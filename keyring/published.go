package keyring

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/airworthy-go/airworthy/secret"
)

// publishedKeys are the SHA-256 of keys that many sites have copied from where they stand for all to read. They are
// hashed so that nobody takes one from here, and so that scans for secrets need not except this file. Short ones are
// among them: who has copied one is to know that it is not its length that is wrong with it.
var publishedKeys = map[string]bool{
	"a8ad80ab28ef698d34b03b90522bed17ac605bf4f7916f9b944a72bd2a010b17": true, // the Django tutorial of MDN
	"1ce575e3a562cf61fdefba461c4882d5de0a858d4eb6986072fa7965fb4a8e51": true, // paperless-ngx, the default
	"c221bcece48c0f251027b3208f99046741ebd62d486169530e5fd6b704c28366": true, // netbox-docker, the example environment
	"36ba129bebf23ca5c88fa6e1bc1bffe8ec72d0b107b16865dec8a7b06d5b1b6e": true, // doccano, the default
	"5dcca5ebc8f51336af6c037d2018a08c6db2dd101decb62172ef951b2b874400": true, // Weblate, the example settings
	"04eae10378b0a2d1c7c4cb7a5435b3b39d6064d992493456850da739cf87d66d": true, // Plane, the default
	"65ced91114025567c80a5a4ff9ec225fe980c79de780588fd5ae454b7b28a6cb": true, // Plane, the default of its live server
	"d8180b04313ece39938933d66146accbd5c226f4743af9fd3b8c5922074cfe06": true, // Taiga, the default
	"e7d3414104b20ea6ccf66b64d08342607f821639d5bd05907437b948e87a3ae3": true, // Label Studio, the default of former versions (CVE-2023-47117)
	"01c56bbea6f9f29f1305a5f4c0e80b6955cf64661917126aadbeb288decb3982": true, // django-oscar, the sandbox
	"1a1a73d3d4e8a33a78b757f92f5361d6df2285aa9926de982e1d52a028a48326": true, // Open edX, the settings for tests
	"d45d4f0ac2e6ef1b334a91d1ab3a1cff8e53fab2f3bab6b561e288813396f694": true, // Archery, the default
	"53886bf61627f3f8dcee8f02a3b0823a260a66b6513fa0da8906a63e7a35c70f": true, // JumpServer, the example configuration
	"accd60557de29a14daddd90dfae4a5b8cacba3c86992c7ebe292fe994e41ee24": true, // JumpServer, the example token
	"689bcb8e847203a80214a830a5d90342a1f5729e413f36a9f37d00435382efd6": true, // DjangoBlog, the default
	"e7b394bc414175101085838977eceb0b3e00572abb744dd6178e5073a2916bd7": true, // Spug, the default
	"d17c9a49ba436c4d9f742440d6df51e4e98fd108d8c9d7777c91e141fd41812e": true, // GeoNode, the default
	"19412c685461671241ebd7641c42b3e391b5f3a93160818f5e914be329884632": true, // BookWyrm, the example environment
	"fba5c7e4fae4608a15ea83efd46ac2c1e8f4f70d0b826fe0d163c389791079d4": true, // Cabot, the default
	"d9d3788868dd659ed5ce7aa9efb40025e64175f0a3416d5068c0540a9dda682e": true, // Ona and KoBo, the settings for tests
	"0d534c08e0cea86f67a2e4f1bb0616cfacb4a4a4cf1335f4d2956b6018ace45f": true, // formhub, the default
	"28322b41b65a4ce4c696a41a6efbf93c9aa40cbf94f4393c8ae6d02f4775bdcc": true, // django-helpdesk, the demo
	"c0681186fe31909117e0a8a147e52f799dfd0db0d7356a2566be922dfd2b4055": true, // django-wiki, the test project
	"c69cf4ef1c1c3ec65ae9ae5e16aac87ad7972a1559d59b92404db665600fe0d3": true, // NetBox, the configuration for tests
	"5e43c8704ac81f33d701c1ace046ba9f257062b4d17e78f3254cbf243177e4f2": true, // Nautobot, the example credentials
	"c3bd86f928e03e27704db99cc73ecb64fb3769124f0076d895db05af457e95fe": true, // wger, the example environment
	"221fa22f295b9f288321998828cdbc183449b2d29e3919e7ee6d3e36561d495d": true, // DefectDojo, the default
	"c46d062f734203e9bd6689e424a0b8c85ebe1d06243b9661081d48424a217ca9": true, // DefectDojo, the default for credentials
	"ea29c2a21734ac9928a3df4fcba9c55ecef790f3858a1a9ca25a248f01191367": true, // PostHog, the guide for contributors
	"a006c58552c10add11d4a528a08f292e3a5f3a904f5ed0d9e064805b9935a095": true, // Django, its tests
	"9524778ec96458f7d842cbe42d743ab9b1e068841c2c805fa4045ad898ad4282": true, // Redash, the default (CVE-2021-41192)
	"4b00e2726043354c2c4efecc51be38d8bfc2a4e9f3ef54e8b9a225c99038ecf8": true, // Apache Superset, the default of former versions (CVE-2023-27524)
	"9026d3d1734f0b094984dc375921cb7fe152a2d70eb269386cfcb0dcb86568e4": true, // the same, as it stands in the file
	"889041e8368708c03a9764f0a05a977b24a3fdd6eff2c9fb9dc7737167bb68c6": true, // Apache Superset, the documentation
	"26fd2cb96404507841385bd67e6f16710e44c7fe924c7e5be55177f37af52027": true, // Apache Superset, the environment of its containers
	"81886cc4d79074f6e946934d4e9e9d6a2ef320041045a0bd3c36ab6939df37e8": true, // Apache Airflow, the examples of containers
	"a99b3ee2b8dcecb1f9e190f396dac654ba77100aabdf8abc67f7e999adcbdfb5": true, // Apache Airflow, the examples of containers
	"2598f7d6adc142d88161630f3db12ab2bd3403521c281811e5e1ce60d4ac5d76": true, // Flask, the documentation
	"4f2c8f384099179e0b9488fdc61e5b574590a65a7c7007387f82f31a85651047": true, // Flask-Security, the documentation
	"ce7ca3d53a67c65f0c8f18d34041d17107e345ac7f831627ef805c69eae77155": true, // Flask, a tutorial
	"c793d6aea4e5bf22b20d7444b4688312ca5e0ce67cee9d6350681e7d33cd4186": true, // Flask, a book
	"570dad43de1af4c925f92c16a68a50936da42b7dd6fdeb24850507a1199aac89": true, // FastAPI, the documentation
	"3354cfcf65c7b2e6840ea6f880aede239750cb1d063950c4e8fd9fbf9ec73a32": true, // Spring Security, a tutorial on JWT
	"2a1d61d5e1997a7a64a97eb3d44c733a6473e0ff74d7850ecda2c429a1e885be": true, // Spring Security, a tutorial on JWT
	"c07799c18d8b80eed95367921770430008a217c621fa7b765fed516f08fc7f91": true, // Nacos, the default of former versions
	"4de7be2d26fa1e2e608014c657f699698236694b2d6ef11d888828ba3e81f9bf": true, // Nacos, the documentation
	"b4cee395127a5dad6517a3a68e9a1218343f15c69c657bb980d3b6d5d276102a": true, // Apache Shiro, the default of former versions (CVE-2016-4437)
	"309d33b1db250f5fd5e2b8b63621635af2bf70467d640e52fc10da3edd11240d": true, // Apache Shiro, examples
	"85367e6f15043f19488d846a698cf64e908d3b762bebf7ee3be47fcc1682008f": true, // Apache Shiro, examples
	"6d60845874ad370b4c0e1906237bb25eaf3490e22abd71b9c8423f81664e8fe3": true, // Exchange, the validation key of former versions (CVE-2020-0688)
	"c038b41a46686af67790f31673f31026379e788b12fc6bc3139c503c224f4324": true, // Laravel, the key of packages' tests
	"dc2f7f8e7891acfb26cfb68a6397dbf413f3fdcb731dad83d925e162b014b367": true, // Firefly III, the example environment
	"60ed83d1b67e5b3b153f3244d2c11aa1770739339775e53a2d661e9793a5da61": true, // Symfony, the demo
	"f3c3964ca854e172366f81d8bdb327da487c2f8a15f954b116e28961dd6585c0": true, // Grafana, the default
	"1453cea2dc3799e9026e42b3e465e455256d5a149582e4c5b92d4c8d604731a2": true, // Supabase, the example environment
	"a064b502e61d27e94b8717290e5e1b32e36720e9fbdf952ec81a84c07128cb37": true, // Supabase, the default on developers' machines
	"52f004438faf780274c9c95f79d1cf39d2355fbcf035899fc0242b1437f30df3": true, // Supabase, SECRET_KEY_BASE of the example environment
	"fc6a5e9ae75f9160dacd38844789d90a04c85c29c3c95c8c8c6e9da3f58c2365": true, // Supabase, the example anon key
	"2359b281e1fa0ec38bb10316e2b0e3a7b960fe5d271ee75a4735ff1b313a222c": true, // Supabase, the example service key
	"7f59edafa4d502ca0156b8fddf28394634d77b1843838b5783a7c9c95fcbd32f": true, // Supabase, the example key for storage
	"0a53c0992edae8ceb04c7a32ee47b49ad0b229c17b073e8c24683111c843d45e": true, // Supabase, the example key of its vault
	"ef1ca7491dee871be5f0e33a6d3f3e631bc8a69136fa49fddf3f3ca5bf3bd714": true, // Hasura, the documentation
	"f743a1b6d63c9b15179bf5003c83f773c03c3bcc2752450b02a849f880c16dc7": true, // Nhost, the default on developers' machines
	"fd4dec75abc2df7e4f8776e246ce733d29690230695c4ce8ea7a207eb3a939ab": true, // PostgREST, the documentation
	"f7d838701b86c5dfb57bf95fbc5ce6df204cfc9f15ad6cdb39fd22f8776e47b6": true, // jwt.io, the former example
	"465d9ad5d5528ebe287b5dce4fb51620833d09b290e49ddcc70ca6c4a0aea01b": true, // jwt.io, the example
	"422b6cfd76dcf88d5d37a901e96200425f83477962de36e06906ebb11a74317b": true, // Express, the documentation of its sessions
	"686bdd87b0a898323d95aa45fcaa094331f655850225aeee6d8d42c4e40b4c58": true, // NextAuth, tutorials
	"36655cfbf31339b14a22256a2152e71eca418bff40f4fd77b2cd9a0018ea6eaf": true, // Lobe Chat, the documentation
	"46be7a9c83b1fb2fb33b26489d82ef2b8d7cca58c09634636efc603140ed698b": true, // Lobe Chat, the documentation
	"66d4a2cff6ee0b2099dc1288fc69bf209943e37e009ff294de29b40fc55a12f9": true, // Typebot, the example environment
	"646fe7e9335545a335fb9022920147545976f6cae2c8b98b754d19afc5e5c09e": true, // Directus, KEY of the documentation
	"982f4e3a0216f3923e28c393cb83e8a04499a390d262171cdad4d67c5e383122": true, // Directus, SECRET of the documentation
	"9344ba2b1f31389d3d4dcb08db95ae451ce511e6f8bd4babd2e3cd698580d562": true, // Ory Hydra, the quickstart
	"0f44b34c6311bcb547867d393c1c56e6564e03d905fdd023637f549358bf3670": true, // Dify, the example environment
	"7c1154b5152983978147ea87e4a2066d4768673e9d85d6a792cddc2f784efd2f": true, // LibreChat, CREDS_KEY of the example environment
	"69024f21e9ad17594dcccd93e87399af24a5426ccfe6108d1787f0335966abc4": true, // LibreChat, JWT_SECRET of the example environment
	"282ad5f60261639fefed381976b4d0dde52eab5527a1ab2ec75d5be1efa1165b": true, // LibreChat, JWT_REFRESH_SECRET of the example environment
	"c042516e4eac1bafaa3027eb7ea04103fdfb652583eeb916124aebe882e9cefb": true, // LibreChat, MEILI_MASTER_KEY of the example environment
	"aab0127e44f7ad7df2d052a77851b44d1472ad156f1661e02e8adf2c3360d3b0": true, // Infisical, ENCRYPTION_KEY of the example environment
	"e844eff1d144442b5209675e82830dba1a74c109e68c3a71ac2154679bbd343b": true, // Infisical, AUTH_SECRET of the example environment
	"1fd134ab0cc3426051caf0f564725ac500030da7f559f01b501a6ed6919dfe77": true, // Infisical, a former example environment
	"bb6694f131603515321d7fbee6ff32353f1bf75b7ff28fd730df91fe53c3ddc6": true, // Infisical, a former example environment
	"34ad4051b5a5673232a0cba11bfd532cf96f242f69d7f4be1a9d2f0a1040ac78": true, // Infisical, a former example environment
	"2d56648207d08bc7f594cba0c55cb547c138bf978927e3d90817b0a9aa7becb7": true, // Infisical, a former example environment
	"af4c5cab71a5630914c97fb6669be8c1bdbc5b7f0afaaef86c6971be655a29c6": true, // Infisical, a former example environment
}

// placeholders are what stands in examples where a key is to be put, in lower case and without punctuation. All are so
// long that no random key holds one by chance.
var placeholders = []string{
	"changeit", "changeme", "changethis", "changeinproduction", "developmentonly", "devonly", "devsecret",
	"donotuse", "dontuse", "examplekey", "examplesecret", "fordevelopment", "insecure", "mysecret", "notasecret",
	"notsecret", "placeholder", "replaceme", "replacethis", "replacewith", "secrethere", "secretkeyhere",
	"setdjangosecretkey", "supersecret", "thisisasecret", "topsecret", "unsafedev", "verysecret", "yoursecret",
}

// copied says that k is a key that stands where everybody can read it, or "".
func copied(k secret.Text) string {
	sum := sha256.Sum256([]byte(k.Reveal()))
	if publishedKeys[hex.EncodeToString(sum[:])] {
		return "it is a published key, which many sites have copied"
	}
	return ""
}

// published says that k stands where everybody can read it, or was put where a key is to be put, or "".
func published(k secret.Text) string {
	if why := copied(k); why != "" {
		return why
	}
	bare := strings.Map(alphanumeric, unlabelled(k).Reveal())
	for _, p := range placeholders {
		if strings.Contains(bare, p) {
			return "it is a placeholder from an example"
		}
	}
	return ""
}

// alphanumeric returns r in lower case if it is an ASCII letter or digit, and otherwise drops it.
func alphanumeric(r rune) rune {
	switch {
	case r >= 'A' && r <= 'Z':
		return r + 'a' - 'A'
	case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
		return r
	}
	return -1
}
