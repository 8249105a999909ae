// Package azure holds drivers/azuresecrets beside what others made for Azure Key Vault: Microsoft's SDK for Python, which
// reads what the driver wrote and writes what it reads; curl, with the commands of docs/secrets-azure.md; and an emulator.
//
//	./run.sh                                              # the stand-in, with Python's SDK and curl
//	LOWKEY_VAULT_JAR=lowkey-vault-app-3.4.33.jar ./run.sh # the same once more, with Lowkey Vault
//
// Azure itself is not asked. Behind the first run stands drivers/azuresecrets/azuretest, over TLS, with an identity's
// endpoint like App Service's: it was written from the documentation, by who wrote the driver, so that a misunderstanding
// may be in both; Python's SDK is there to find it. Lowkey Vault, an emulator in Java by others, is used if its jar is
// given (com.github.nagyesta.lowkey-vault:lowkey-vault-app; 3.4.33 is the last one for Java 17).
//
// Where the two differ from Azure, as far as the tests meet it:
//
//   - Neither has roles. The stand-in refuses what a test tells it to; with Lowkey Vault refusals are not tested.
//   - The stand-in accepts tokens that it gave; Lowkey Vault accepts any, and reads none.
//   - Lowkey Vault knows no protocol later than 7.6, tells capital letters from small ones in names, calls errors by names
//     of Java classes, asks for tokens for its own address, and says of a disabled secret that it is not found. Since it is
//     on loopback the driver takes any error 404 in JSON for "not found", and does not verify for whom the token is.
//   - Neither limits how often it is asked, has a firewall, a second region, or private endpoints.
//   - Whether Azure keeps a secret with an empty text is not said by its documentation. Lowkey Vault refuses it, the
//     stand-in keeps it; the tests keep the empty text in a field.
//
// Not tested anywhere: Entra, so that service principals and workload identities have met no server (they are the SDK's);
// the metadata service of virtual machines, whose address is fixed.
package azure
