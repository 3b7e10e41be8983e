package reports

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
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
			err := chromedp.Listen(ctx, func(event any) {
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
			if err != nil {
				t.Fatal(err)
			}
			for _, width := range []int64{390, 1440} {
				err := chromedp.Do(ctx, enable, chromedp.EmulateViewport(width, 900), chromedp.Navigate(file))
				if err != nil {
					t.Fatal(err)
				}
				sticksOut, err := chromedp.Run(ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth - document.documentElement.clientWidth`))
				if err != nil {
					t.Fatal(err)
				}
				ids, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll("nav a")].map(a => a.hash.slice(1)).filter(id => !document.getElementById(id))`))
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

// enable makes Chromium tell what is fetched, logged and thrown.
func enable(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
	_, err1 := cdp.Call(ctx, t, network.Enable, network.EnableParams{})
	_, err2 := cdp.Call(ctx, t, runtime.Enable, cdp.Empty{})
	return chromedp.Void{}, errors.Join(err1, err2)
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
