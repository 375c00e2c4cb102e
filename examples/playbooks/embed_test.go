package playbooks

import (
	"io/fs"
	"os"
	"slices"
	"testing"
)

func TestEmbeddedFilesAreThoseOfTheFolder(t *testing.T) {
	embedded, err := fs.Glob(FS, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	inFolder, err := fs.Glob(os.DirFS("."), "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(embedded) == 0 || !slices.Equal(embedded, inFolder) {
		t.Errorf("embedded %v, in the folder %v", embedded, inFolder)
	}
}
