// Package aws runs drivers/awssecrets, and the commands and policies of docs/secrets-aws.md, against moto, a stand-in for
// AWS, and the commands with the real AWS CLI.
//
// run.sh installs both, at the versions of requirements.txt, into a directory of their own. Each start of the suite has a
// moto of its own on loopback. Arguments go to go test:
//
//	./run.sh                      # all of it
//	./run.sh -run TestPolicies    # one test
//
// Without AIRWORTHY_MOTO and AIRWORTHY_AWS, the paths of moto_server and aws, it says so and skips everything.
//
// Moto is not AWS. What it does not show:
//
//   - It allows an action or does not: it knows no resources, so that the suite replaces those of the policies by "*", and
//     no conditions. It says so with status 403 and in XML, which the driver can only call "refused"; AWS does it in JSON, with
//     a code that tells a denied action from unknown credentials. The package's own tests have those codes, and a
//     batch of which one secret is denied.
//   - A key of KMS is a name to it. That a writing keeps a parameter's key and tier is seen in what moto describes.
//   - It sees at once what was written; AWS promises that after a while.
//   - It takes secrets of any size, and as many calls as it is sent.
//   - A label that is moved is not followed by a reading of many secrets; it is by that of one.
//   - STS gives a role to whoever asks, whatever its trust policy says.
//
// The endpoints at which a container and an instance get their credentials are a few lines of this suite, and none of AWS's:
// moto's for an instance leaves out what the SDK demands.
package aws
