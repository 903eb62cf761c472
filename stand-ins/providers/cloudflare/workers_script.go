package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"cdktf-proxmox-talos/providers/plugin"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

const durableObject = "durable_object_namespace"

func workersScript() plugin.Resource[*client] {
	return plugin.Resource[*client]{
		Traits: plugin.Traits{
			"id":                         {Wire: "-", Keep: true, Replace: plugin.Always},
			"script_name":                {Wire: "-", Replace: plugin.Always},
			"account_id":                 {Wire: "-", Replace: plugin.Always},
			"content":                    {Wire: "-"},
			"content_file":               {Wire: "-"},
			"content_sha256":             {Wire: "-"},
			"content_type":               {Wire: "-", OneOf: contentTypes},
			"assets":                     {Refused: true},
			"bindings.type":              {OneOf: bindingTypes},
			"bindings.jurisdiction":      {OneOf: []string{"eu", "fedramp"}},
			"bindings.format":            {OneOf: []string{"raw", "pkcs8", "spki", "jwk"}},
			"bindings.algorithm":         {Refused: true},
			"bindings.key_jwk":           {Refused: true},
			"compatibility_date":         {Default: ""},
			"limits.cpu_ms":              {Whole: true},
			"logpush":                    {Default: false},
			"usage_model":                {Default: "standard", OneOf: []string{"standard", "bundled", "unbound"}},
			"observability.logs.persist": {Default: true},
			"placement.mode":             {OneOf: []string{"smart"}},
			"placement.last_analyzed_at": {Time: true},
			"created_on":                 {Time: true, Keep: true},
			"modified_on":                {Time: true},
		},
		Validate: validateScript,
		Plan:     planScript,
		Create:   uploadScript,
		Update:   uploadScript,
		Read:     readScript,
		Delete:   deleteScript,
		Import:   importScript,
	}
}

var contentTypes = []string{
	"application/javascript+module", "application/javascript", "text/javascript+module", "text/javascript", "text/x-python",
}

var bindingTypes = []string{
	"ai", "analytics_engine", "assets", "browser", "d1", "data_blob", "dispatch_namespace", durableObject, "hyperdrive",
	"inherit", "images", "json", "kv_namespace", "mtls_certificate", "plain_text", "pipelines", "queue", "r2_bucket",
	secretText, "send_email", "service", "tail_consumer", "text_blob", "vectorize", "version_metadata",
	"secrets_store_secret", "secret_key", "workflow", "wasm_module",
}

func validateScript(config plugin.Object) (diagnostics plugin.Diagnostics) {
	const combination = "Invalid Attribute Combination"
	hasContent, hasFile := !config["content"].IsNull(), !config["content_file"].IsNull()
	if hasContent && hasFile {
		diagnostics.Error("content", combination, `Attribute "content_file" cannot be specified when "content" is specified`)
		diagnostics.Error("content_file", combination, `Attribute "content" cannot be specified when "content_file" is specified`)
		diagnostics.Error("content", combination, "These attributes cannot be configured together: [content,content_file]")
	}
	if hasFile && config["content_sha256"].IsNull() {
		diagnostics.Error("content_file", combination, `Attribute "content_sha256" must be specified when "content_file" is specified`)
	}
	if !hasContent && !hasFile && config["assets"].IsNull() {
		diagnostics.Error("", "Missing Attribute Configuration",
			"At least one of these attributes must be configured: [content,content_file,assets]")
	}
	if config.Has("content_sha256") && (hasContent || hasFile) {
		checkHash(config, &diagnostics)
	}
	return diagnostics
}

// checkHash compares content_sha256 with the content, if that exists when the configuration is validated.
func checkHash(config plugin.Object, diagnostics *plugin.Diagnostics) {
	content, source := []byte(config.Text("content")), "content"
	if config["content"].IsNull() {
		file := config.Text("content_file")
		var err error
		if content, err = os.ReadFile(file); err != nil {
			diagnostics.Error("content_sha256", "Hash Calculation Error",
				"Failed to calculate SHA-256 hash of file '%s': failed to open file: %s", file, err)
			return
		}
		source = fmt.Sprintf("content_file (%s)", file)
	}
	if wanted, actual := config.Text("content_sha256"), hash(content); wanted != actual {
		diagnostics.Error("content_sha256", "SHA-256 Hash Mismatch",
			"The provided SHA-256 hash '%s' does not match the actual hash '%s' of %s", wanted, actual, source)
	}
}

func hash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// contentOf returns the content of a script, from the configuration or from its file.
func contentOf(script plugin.Object) ([]byte, error) {
	if script["content_file"].IsNull() {
		return []byte(script.Text("content")), nil
	}
	path := script.Text("content_file")
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, err
		}
		path = filepath.Join(home, rest)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, &plugin.Failure{Summary: "failed to read file", Detail: fmt.Sprintf("could not read file %s: %s", path, err)}
	}
	return content, nil
}

// planScript plans the values that the server computes for bindings: only a Durable Object binding has a class and a
// namespace.
func planScript(change *plugin.Change) plugin.Diagnostics {
	if change.Planned == nil || !change.Planned.Has("bindings") {
		return nil
	}
	bindings := plugin.Elements(change.Planned["bindings"])
	configured := plugin.Elements(change.Config["bindings"])
	for i, element := range bindings {
		binding := plugin.ObjectOf(element)
		if binding == nil || !binding["type"].IsKnown() || binding.Text("type") == durableObject {
			continue
		}
		for _, name := range []string{"class_name", "namespace_id"} {
			if !binding[name].IsKnown() && i < len(configured) {
				binding[name] = plugin.ObjectOf(configured[i])[name]
			}
		}
		bindings[i] = tftypes.NewValue(element.Type(), map[string]tftypes.Value(binding))
	}
	change.Planned["bindings"] = tftypes.NewValue(change.Planned["bindings"].Type(), bindings)
	return nil
}
