package awssecrets

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// manager is Secrets Manager.
type manager struct{ client *secretsmanager.Client }

// maxSecrets is how many secrets BatchGetSecretValue takes.
const maxSecrets = 20

// current is the label of the version that is in use; BatchGetSecretValue reads no other.
const current = "AWSCURRENT"

const (
	getSecret   = "secretsmanager:GetSecretValue"
	getSecrets  = "secretsmanager:BatchGetSecretValue"
	putSecret   = "secretsmanager:PutSecretValue"
	createAgain = "secretsmanager:CreateSecret"
)

func (m *manager) read(ctx context.Context, ids []string) (map[string]held, *problem) {
	all := map[string]held{}
	if len(ids) == 1 { // one secret needs one permission
		return all, m.readOne(ctx, ids[0], all)
	}
	for chunk := range slices.Chunk(ids, maxSecrets) {
		if p := m.readChunk(ctx, chunk, all); p != nil {
			return nil, p
		}
	}
	return all, nil
}

func (m *manager) readOne(ctx context.Context, id string, all map[string]held) *problem {
	out, err := m.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &id, VersionStage: aws.String(current)})
	if err != nil {
		if code(err) == notFound {
			return nil
		}
		return explain(ctx, getSecret, err)
	}
	if !isSecret(id, out.Name, out.ARN) {
		return incomplete(getSecret)
	}
	h, ok := holding(out.SecretString, out.SecretBinary, out.VersionId)
	if !ok {
		return incomplete(getSecret)
	}
	all[id] = h
	return nil
}

// readChunk demands that the answer says something of each id: an empty one is not "not found".
func (m *manager) readChunk(ctx context.Context, ids []string, all map[string]held) *problem {
	out, err := m.client.BatchGetSecretValue(ctx, &secretsmanager.BatchGetSecretValueInput{SecretIdList: ids})
	if err != nil {
		return explain(ctx, getSecrets, err)
	}
	for _, id := range ids {
		told := false
		for _, v := range out.SecretValues {
			if isSecret(id, v.Name, v.ARN) {
				all[id], told = holding(v.SecretString, v.SecretBinary, v.VersionId)
			}
		}
		for _, e := range out.Errors {
			if told || !isSecret(id, e.SecretId, e.SecretId) {
				continue
			}
			if told = true; aws.ToString(e.ErrorCode) == notFound {
				continue
			}
			p, ok := coded(aws.ToString(e.ErrorCode), getSecret)
			if !ok {
				p = &problem{rule: "cannot be read", remedy: "look at it with aws secretsmanager get-secret-value"}
			}
			all[id] = held{problem: p}
		}
		if !told {
			return incomplete(getSecrets)
		}
	}
	return nil
}

// holding returns what a secret holds, and whether that is anything.
func holding(text *string, binary []byte, version *string) (held, bool) {
	switch {
	case text != nil && version != nil:
		return held{text: *text, version: *version}, true
	case len(binary) > 0:
		return held{problem: &problem{rule: "holds binary data", remedy: "store it as text, in base64 say"}}, true
	}
	return held{}, false
}

// isSecret reports whether a secret with the name and the ARN is the one that was asked for: by its name, its ARN, or its
// ARN without the six characters that AWS adds.
func isSecret(id string, name, arn *string) bool {
	full := aws.ToString(arn)
	return id == aws.ToString(name) || id == full || isARN(id) && len(full) == len(id)+7 && strings.HasPrefix(full, id+"-")
}

func (m *manager) examine(_ context.Context, _ string, h held) (held, *problem) { return h, nil }

// write gives the request a token, so that one which the SDK repeats makes no second version.
func (m *manager) write(ctx context.Context, id string, h held, text string) *problem {
	token := rand.Text() + rand.Text() // 52 characters: AWS takes 32 to 64
	if h.version == "" {
		_, err := m.client.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: &id, SecretString: &text, ClientRequestToken: &token})
		switch {
		case err == nil:
			return nil
		case code(err) == "ResourceExistsException":
			return exists()
		}
		return explain(ctx, createAgain, err)
	}
	_, err := m.client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: &id, SecretString: &text, ClientRequestToken: &token})
	switch {
	case err == nil:
		return nil
	case code(err) == notFound:
		return gone()
	}
	return explain(ctx, putSecret, err)
}
