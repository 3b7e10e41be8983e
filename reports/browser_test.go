package reports

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// TestReportOpensInABrowser opens a harmless and a hostile report in Chromium: nothing
// is fetched, no script runs, nothing is written to the console, and at the width of a
// phone and of a desk nothing sticks out of the page.
func TestReportOpensInABrowser(t *testing.T) {
	path := browser(t)
	everything := strings.Join(attacks, " ")
	for name, text := range map[string]func(string) string{
		"harmless": plain,
		"hostile":  func(text string) string { return text + everything },
	} {
		t.Run(name, func(t *testing.T) {
			dir := fixture(t, text)
			if _, err := Write(dir); err != nil {
				t.Fatal(err)
			}
			options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox)
			allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
			defer cancel()
			ctx, cancel := chromedp.NewContext(allocator)
			defer cancel()
			ctx, cancel = context.WithTimeout(ctx, time.Minute)
			defer cancel()
			file := "file://" + filepath.Join(dir, "report.html")
			var mu sync.Mutex
			chromedp.ListenTarget(ctx, func(event any) {
				mu.Lock()
				defer mu.Unlock()
				switch event := event.(type) {
				case *network.EventRequestWillBeSent:
					if event.Request.URL != file {
						t.Errorf("the report asks for %s", event.Request.URL)
					}
				case *runtime.EventConsoleAPICalled, *runtime.EventExceptionThrown, *page.EventJavascriptDialogOpening:
					t.Errorf("a script ran: %+v", event)
				}
			})
			for _, width := range []int64{390, 1440} {
				var sticksOut int64
				var ids []string
				err := chromedp.Run(ctx,
					network.Enable(), runtime.Enable(), page.Enable(),
					chromedp.EmulateViewport(width, 900),
					chromedp.Navigate(file),
					chromedp.Evaluate(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &sticksOut),
					chromedp.Evaluate(`[...document.querySelectorAll("nav a")].map(a => a.hash.slice(1)).filter(id => !document.getElementById(id))`, &ids),
				)
				if err != nil {
					t.Fatal(err)
				}
				if sticksOut > 0 {
					t.Errorf("at %d px the page is %d px too wide", width, sticksOut)
				}
				if len(ids) > 0 {
					t.Errorf("the contents lead to nothing: %v", ids)
				}
			}
		})
	}
}

func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("no Chromium; .ci/run installs it")
	}
	t.Skip("no Chromium here: the HTML report is not opened in a browser")
	return ""
}
