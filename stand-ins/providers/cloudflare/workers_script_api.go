package main

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"

	"cdktf-proxmox-talos/providers/plugin"
)

const (
	scriptPath  = "accounts/{account_id}/workers/scripts/{script_name}"
	servicePath = "accounts/{account_id}/workers/services/{script_name}"
)

// call sends a request about a script.
func call(ctx context.Context, c *client, r request, script plugin.Object) (got *answer, err error) {
	if r.path, err = expand(r.path, script); err != nil {
		return nil, failed(err)
	}
	return c.send(ctx, r)
}

// uploadScript always sends the whole script, with the migrations of the configuration, even if the plan does not change
// them.
func uploadScript(ctx context.Context, c *client, change *plugin.Change) (plugin.Object, error) {
	planned := change.Planned
	planned["migrations"] = change.Config["migrations"]
	content, err := contentOf(planned)
	if err != nil {
		return nil, err
	}
	body, contentType, err := multipartOf(change, content)
	if err != nil {
		return nil, &plugin.Failure{Summary: "failed to serialize multipart http request", Detail: err.Error()}
	}
	got, err := call(ctx, c, request{method: "PUT", path: scriptPath, contentType: contentType, body: body}, planned)
	if err != nil {
		return nil, err
	}
	state := change.Fill(planned, got.result())
	state["id"] = state["script_name"]
	return state, nil
}

// multipartOf builds the form for an upload: the only module, if the script has content, and the metadata.
func multipartOf(change *plugin.Change, content []byte) (body []byte, contentType string, err error) {
	script := plugin.Object{}
	for name, value := range change.Planned {
		script[name] = value
	}
	var buffer bytes.Buffer
	writer := multipart.NewWriter(&buffer)
	if len(content) > 0 {
		name, typ := script.Text("main_module"), "application/javascript+module"
		if name == "" {
			name, typ = "script", "application/javascript"
			script.Set("body_part", name)
		}
		if given := script.Text("content_type"); given != "" {
			typ = given
		}
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name)
		if err := part(writer, fmt.Sprintf(`form-data; name="%s"; filename="%s"`, quoted, quoted), typ, content); err != nil {
			return nil, "", err
		}
	}
	if err := part(writer, `form-data; name="metadata"`, "application/json", change.Encode(script, nil)); err != nil {
		return nil, "", err
	}
	if err := writer.Close(); err != nil {
		return nil, "", err
	}
	return buffer.Bytes(), writer.FormDataContentType(), nil
}

func part(writer *multipart.Writer, disposition, contentType string, content []byte) error {
	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", disposition)
	header.Set("Content-Type", contentType)
	part, err := writer.CreatePart(header)
	if err != nil {
		return err
	}
	_, err = part.Write(content)
	return err
}

func deleteScript(ctx context.Context, c *client, state plugin.Object) error {
	got, err := call(ctx, c, request{method: "DELETE", path: scriptPath}, state)
	if err != nil {
		return err
	}
	return got.expectJSON()
}

// importScript only checks that the script exists. Its attributes are read afterwards.
func importScript(ctx context.Context, c *client, block *plugin.Block, id string) (plugin.Object, error) {
	state := block.Empty()
	if err := parseImportID(id, []string{"account_id", "script_name"}, state); err != nil {
		return nil, err
	}
	accept := http.Header{"Accept": {"application/javascript"}}
	if _, err := call(ctx, c, request{method: "GET", path: scriptPath, header: accept}, state); err != nil {
		return nil, err
	}
	state["id"] = state["script_name"]
	return state, nil
}
