package plugin

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Diagnostics are the errors and warnings that OpenTofu shows.
type Diagnostics []*tfprotov6.Diagnostic

// Error adds an error. `attribute` is the name of an attribute at the root, or "".
func (d *Diagnostics) Error(attribute, summary, format string, args ...any) {
	*d = append(*d, diagnostic(tfprotov6.DiagnosticSeverityError, rootPath(attribute), summary, fmt.Sprintf(format, args...)))
}

// Warn adds a warning.
func (d *Diagnostics) Warn(summary, detail string) {
	*d = append(*d, diagnostic(tfprotov6.DiagnosticSeverityWarning, nil, summary, detail))
}

func (d *Diagnostics) errorAt(path *tftypes.AttributePath, summary, format string, args ...any) {
	*d = append(*d, diagnostic(tfprotov6.DiagnosticSeverityError, path, summary, fmt.Sprintf(format, args...)))
}

func (d *Diagnostics) warnAt(path *tftypes.AttributePath, summary, detail string) {
	*d = append(*d, diagnostic(tfprotov6.DiagnosticSeverityWarning, path, summary, detail))
}

// add adds a Go error. A *Failure has its own summary.
func (d *Diagnostics) add(err error) {
	var failure *Failure
	if errors.As(err, &failure) {
		d.errorAt(nil, failure.Summary, "%s", failure.Detail)
	} else if err != nil {
		d.errorAt(nil, err.Error(), "")
	}
}

// Failure is an error with a headline.
type Failure struct{ Summary, Detail string }

func (f *Failure) Error() string { return f.Summary + ": " + f.Detail }

func diagnostic(severity tfprotov6.DiagnosticSeverity, path *tftypes.AttributePath, summary, detail string) *tfprotov6.Diagnostic {
	return &tfprotov6.Diagnostic{Severity: severity, Summary: summary, Detail: detail, Attribute: path}
}

func rootPath(attribute string) *tftypes.AttributePath {
	if attribute == "" {
		return nil
	}
	return tftypes.NewAttributePath().WithAttributeName(attribute)
}

// pathText writes a path as the configuration does: rules[0].condition.type.
func pathText(path *tftypes.AttributePath) string {
	var text strings.Builder
	for _, step := range path.Steps() {
		switch step := step.(type) {
		case tftypes.AttributeName:
			if text.Len() > 0 {
				text.WriteByte('.')
			}
			text.WriteString(string(step))
		case tftypes.ElementKeyInt:
			fmt.Fprintf(&text, "[%d]", int64(step))
		case tftypes.ElementKeyValue:
			text.WriteString("[Value(…)]")
		}
	}
	return text.String()
}
