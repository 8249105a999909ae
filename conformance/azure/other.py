"""Reads and writes secrets with Microsoft's SDK, as lines of JSON: {"set": name, "text": …}, {"get": name}."""
import json
import sys

from azure.core.exceptions import HttpResponseError
from azure.identity import ManagedIdentityCredential
from azure.keyvault.secrets import SecretClient

url, ca, version = sys.argv[1:]
options = {"api_version": version} if version else {}
client = SecretClient(url, ManagedIdentityCredential(), verify_challenge_resource=False, connection_verify=ca, **options)
for line in sys.stdin:
    ask = json.loads(line)
    try:
        if "set" in ask:
            got = client.set_secret(ask["set"], ask["text"], content_type="text/plain", tags={"by": "python"})
        else:
            got = client.get_secret(ask["get"])
        p = got.properties
        answer = {"text": got.value, "version": p.version, "type": p.content_type, "tags": p.tags or {}}
    except HttpResponseError as e:
        answer = {"status": e.status_code}
    print(json.dumps(answer), flush=True)
