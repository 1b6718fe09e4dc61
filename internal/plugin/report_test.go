package plugin

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestP7AReportHoldsNothingThatMustNotLeave plants secrets, numbers and texts wherever somebody may
// have put them, and looks for them in the archive.
func TestP7AReportHoldsNothingThatMustNotLeave(t *testing.T) {
	const planted = "+55 11 99999-0000 wrote canary-access-token, wamid.HBgLNTUxMTk5OTk5MDAwMBUCABIYFA== is lost"
	for _, object := range []client.Object{
		&appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: "acme", Name: "acme-gateway", Annotations: map[string]string{"note": planted},
			},
			Spec: appsv1.DeploymentSpec{
				Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "gateway"}},
				Template: corev1.PodTemplateSpec{
					ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "gateway"}},
					Spec: corev1.PodSpec{Containers: []corev1.Container{{
						Name: "gateway", Image: "gateway", Env: []corev1.EnvVar{
							{Name: "PASSWORD", Value: "planted-password"},
						},
					}}},
				},
			},
		},
		&eventsv1.Event{
			ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "planted"}, Type: "Warning", Reason: "Planted",
			EventTime: metav1.MicroTime{
				Time: now,
			}, Action: "Plant", ReportingController: "test", ReportingInstance: "test",
			Regarding: corev1.ObjectReference{Kind: "BusinessAccount", Namespace: "acme", Name: "acme"}, Note: planted,
		},
	} {
		if err := direct.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = direct.Delete(t.Context(), object) })
	}
	path := filepath.Join(t.TempDir(), "report.tar.gz")
	if got, err := run(t, "report", "acme", "-o", path); err != nil || !strings.Contains(got, "Look through it") {
		t.Fatalf("got %v\n%s", err, got)
	}
	files := unpack(t, path)
	for _, name := range []string{
		"status.txt", "doctor.txt", "account.yaml", "templates.yaml", "events.yaml", "secrets.yaml",
	} {
		if files[name] == "" {
			t.Errorf("the report has no %s, but %d others", name, len(files))
		}
	}
	words := strings.Join(strings.Fields(files["events.yaml"]), " ")
	if !strings.Contains(words, "[number] wrote [secret], [message id] is lost") {
		t.Errorf("events.yaml: %s", files["events.yaml"])
	}
	for name, text := range files {
		for _, secret := range []string{
			"canary-", "planted-password", "99999", "HBgL", "20% off", "your parcel", "Acme Parcels", "Y2FuYXJ5",
		} {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds %q:\n%s", name, secret, text)
			}
		}
	}
}

// unpack reads an archive's files, by their name in its folder.
func unpack(t *testing.T, path string) map[string]string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	archive := tar.NewReader(unzipped)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimPrefix(header.Name, "guichet-report-acme-acme/")] = string(text)
	}
}
