package awssecrets

import (
	"context"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// parameters is the Parameter Store.
type parameters struct{ client *ssm.Client }

// maxParameters is how many parameters GetParameters takes.
const maxParameters = 10

const (
	getParameters      = "ssm:GetParameters"
	describeParameters = "ssm:DescribeParameters"
	putParameter       = "ssm:PutParameter"
)

// read demands that the answer says something of each id: an empty one is not "not found".
func (s *parameters) read(ctx context.Context, ids []string) (map[string]held, *problem) {
	all := map[string]held{}
	for chunk := range slices.Chunk(ids, maxParameters) {
		out, err := s.client.GetParameters(ctx, &ssm.GetParametersInput{Names: chunk, WithDecryption: aws.Bool(true)})
		if err != nil {
			return nil, explain(ctx, getParameters, err)
		}
		for _, id := range chunk {
			at := slices.IndexFunc(out.Parameters, func(p types.Parameter) bool {
				return id == aws.ToString(p.Name)+aws.ToString(p.Selector) || id == aws.ToString(p.ARN)
			})
			switch {
			case at >= 0 && out.Parameters[at].Value != nil && out.Parameters[at].Version > 0:
				all[id] = held{text: *out.Parameters[at].Value, version: strconv.FormatInt(out.Parameters[at].Version, 10)}
			case at < 0 && slices.Contains(out.InvalidParameters, id):
			default:
				return nil, incomplete(getParameters)
			}
		}
	}
	return all, nil
}

// examine finds out the key and the tier, which a writing that does not name them would set back.
func (s *parameters) examine(ctx context.Context, id string, h held) (held, *problem) {
	filter := types.ParameterStringFilter{Key: aws.String("Name"), Option: aws.String("Equals"), Values: []string{id}}
	if isARN(id) {
		return h, &problem{rule: "cannot be written by its ARN", remedy: "map the setting to the parameter's name"}
	}
	out, err := s.client.DescribeParameters(ctx, &ssm.DescribeParametersInput{ParameterFilters: []types.ParameterStringFilter{filter}})
	if err != nil {
		return h, explain(ctx, describeParameters, err)
	}
	if len(out.Parameters) != 1 || aws.ToString(out.Parameters[0].Name) != id {
		return h, incomplete(describeParameters)
	}
	p := out.Parameters[0]
	if p.Type != types.ParameterTypeSecureString {
		return h, &problem{rule: "is a parameter without encryption, which AWS cannot change",
			remedy: "delete it, and write it again as a SecureString"}
	}
	h.key, h.tier = aws.ToString(p.KeyId), string(p.Tier)
	return h, nil
}

func (s *parameters) write(ctx context.Context, id string, h held, text string) *problem {
	in := &ssm.PutParameterInput{Name: &id, Value: &text, Type: types.ParameterTypeSecureString, Overwrite: aws.Bool(h.version != "")}
	if h.key != "" {
		in.KeyId = &h.key
	}
	if h.tier != "" {
		in.Tier = types.ParameterTier(h.tier)
	}
	_, err := s.client.PutParameter(ctx, in)
	switch {
	case err == nil:
		return nil
	case code(err) == "ParameterAlreadyExists":
		return exists()
	}
	return explain(ctx, putParameter, err)
}
