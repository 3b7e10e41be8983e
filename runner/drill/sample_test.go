package drill

import (
	"testing"
	"os"
	"os/exec"
	"strconv"
)

func TestScratch(t *testing.T) {
	for _, n := range []int{0, 150000, 400000,1000000} {
	dir := "/tmp/dm/case"+strconv.Itoa(n)
	os.RemoveAll(dir); os.MkdirAll(dir, 0o755)
	_, err := Sample(t.Context(), dir, Options{Records: n})
	if err != nil { t.Fatal(err) }
	out,_ := exec.Command("sh","-c","zcat $(find "+dir+"/s3 -name '*.gz')|wc -l").Output()
	t.Log(n, string(out))
	os.RemoveAll(dir)
	}
}
