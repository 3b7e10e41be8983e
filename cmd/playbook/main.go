// Command playbook runs incident-response playbooks for AWS.
package main

import (
	"os"
)

//go:generate sh -c "go run . schema > ../../docs/playbook.schema.json.new && mv ../../docs/playbook.schema.json.new ../../docs/playbook.schema.json"
//go:generate sh -c "go run . show --kinds > ../../docs/kinds.md.new && mv ../../docs/kinds.md.new ../../docs/kinds.md"
//go:generate sh -c "go run . show --functions > ../../docs/functions.md.new && mv ../../docs/functions.md.new ../../docs/functions.md"
//go:generate sh -c "go run . show vpc-flow --rows > ../../playbooks/vpc-flow.md.new && mv ../../playbooks/vpc-flow.md.new ../../playbooks/vpc-flow.md"

func main() {
	os.Exit(Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
