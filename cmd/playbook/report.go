package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"playbook/reports"
)

func reportCommand(s streams) *cobra.Command {
	var format string
	command := &cobra.Command{
		Use:   "report RUN",
		Short: "Render the report of a run folder again",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			report, err := reports.Load(args[0])
			if err != nil {
				return err
			}
			switch format {
			case "md":
				return report.Markdown(s.out)
			case "html":
				return report.HTML(s.out)
			case "json":
				return report.JSON(s.out)
			}
			return fmt.Errorf("there is no report format %q; the formats are md, html and json", format)
		},
	}
	command.Flags().StringVar(&format, "format", "md", "md, html or json")
	return command
}
