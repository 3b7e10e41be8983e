package drill

import "net/netip"

// The accounts are the ones that AWS's documentation uses; the public addresses are
// from the blocks that RFC 5737, RFC 3849 and RFC 2544 set aside.
const (
	production = "111122223333"
	platform   = "444455556666"
	ireland    = "eu-west-1"
	virginia   = "us-east-1"

	officeRange   = "192.168.0.0/16"
	officeAddress = "192.0.2.10" // where the office meets the internet
	anywhere      = "0.0.0.0/0"
	anywhere6     = "::/0"
)

// sampleWorld is a web shop of two accounts in two regions. What is wrong in it, and
// nothing else is: anybody may try SSH on the bastion, one VPC has no flow log, one
// NAT gateway has no alarms.
func sampleWorld() *world {
	w := &world{}
	web, data := shopVPCs(w)
	analytics := analyticsVPC(w)
	legacyVPC(w)
	shared, development := platformVPCs(w)
	w.peer(web, data)
	w.peer(data, analytics)
	w.peer(shared, web)
	w.peer(shared, data)
	w.peer(shared, development)
	w.seal()
	return w
}

func tcp(port int, cidr, description string) rule {
	return rule{protocol: "tcp", from: port, to: port, cidr: cidr, description: description}
}

func tcpFrom(port int, g *group, description string) rule {
	return rule{protocol: "tcp", from: port, to: port, group: g, description: description}
}

func shopVPCs(w *world) (web, data *vpc) {
	const monitoring = "10.50.10.0/23"
	web = w.addVPC(production, ireland, "prod-web", "10.10.0.0/16", "production", "web")
	web.cidr6, web.interval = netip.MustParsePrefix("2001:db8:10::/56"), 60
	publicA := web.addSubnet("public-a", "10.10.0.0/24", "a", true)
	publicB := web.addSubnet("public-b", "10.10.1.0/24", "b", true)
	webA := web.addSubnet("web-a", "10.10.10.0/24", "a", false)
	webB := web.addSubnet("web-b", "10.10.11.0/24", "b", false)

	alb := web.addGroup("shop-alb", "Public entry of the shop",
		tcp(80, anywhere, "HTTP, redirected"), tcp(80, anywhere6, "HTTP, redirected"),
		tcp(443, anywhere, "HTTPS"), tcp(443, anywhere6, "HTTPS"))
	bastion := web.addGroup("bastion", "Administrators' way in",
		tcp(22, anywhere, "vendor support, temporary, CHG-4471"))
	front := web.addGroup("web", "Web servers",
		tcpFrom(8080, alb, "from the load balancer"), tcpFrom(22, bastion, "administration"),
		tcp(9100, monitoring, "metrics"))
	endpoints := web.addGroup("endpoints", "Interface endpoints", tcp(443, "10.10.0.0/16", "AWS APIs"))

	web.addBalancer("shop", alb, map[*subnet]string{publicA: "203.0.113.150", publicB: "203.0.113.151"}, publicA, publicB)
	publicA.addNAT("prod-web-nat", 30, "203.0.113.160", true)
	jump := publicA.addInstance("bastion-1", "t3.small", 12, bastion)
	jump.public, jump.elastic = "203.0.113.140", true
	webA.addInstance("web-1", "m6i.large", 11, front)
	webB.addInstance("web-2", "m6i.large", 12, front)
	webA.addInstance("web-3", "m6i.large", 13, front)
	webB.addInstance("web-standby", "m6i.large", 20, front)
	web.addEndpoint("secretsmanager", 40, endpoints, webA, webB)
	web.addEndpoint("ssm", 41, endpoints, webA, webB)
	web.addGatewayEndpoint("s3")

	data = w.addVPC(production, ireland, "prod-data", "10.20.0.0/16", "production", "orders")
	data.interval = 60
	public := data.addSubnet("public-a", "10.20.0.0/24", "a", true)
	appA := data.addSubnet("app-a", "10.20.10.0/24", "a", false)
	appB := data.addSubnet("app-b", "10.20.11.0/24", "b", false)
	dbA := data.addSubnet("db-a", "10.20.20.0/24", "a", false)
	dbB := data.addSubnet("db-b", "10.20.21.0/24", "b", false)
	dbA.acl = &networkACL{name: "prod-data-db", id: identifier("acl", data.id, "db"), ingress: []aclEntry{
		{number: 100, protocol: "-1", cidr: "10.0.0.0/8"},
		{number: 110, protocol: "6", cidr: anywhere, from: 1024, to: 65535}, // answers of S3
	}}
	dbB.acl = dbA.acl

	app := data.addGroup("orders-app", "Order service",
		tcp(8443, "10.10.10.0/23", "web servers"), tcp(22, "10.10.0.0/24", "administration"),
		tcp(9100, monitoring, "metrics"))
	db := data.addGroup("orders-db", "Order database",
		tcpFrom(5432, app, "order service"), tcp(5432, "10.10.0.0/24", "DBAs through the bastion"),
		tcp(5432, "10.30.10.0/23", "nightly extract"), tcp(22, "10.10.0.0/24", "administration"),
		tcp(9100, monitoring, "metrics"))
	db.rules = append(db.rules, tcpFrom(5432, db, "replication"))
	endpoints = data.addGroup("endpoints", "Interface endpoints", tcp(443, "10.20.0.0/16", "AWS APIs"))

	public.addNAT("prod-data-nat", 30, "203.0.113.161", true)
	appA.addInstance("orders-app-1", "c6i.xlarge", 11, app)
	appB.addInstance("orders-app-2", "c6i.xlarge", 12, app)
	dbA.addInstance("orders-db-1", "r6i.2xlarge", 15, db)
	dbB.addInstance("orders-db-2", "r6i.2xlarge", 16, db)
	data.addEndpoint("logs", 40, endpoints, appA, appB)
	data.addEndpoint("secretsmanager", 41, endpoints, appA, appB)
	data.addGatewayEndpoint("s3")
	return web, data
}

func analyticsVPC(w *world) *vpc {
	v := w.addVPC(production, virginia, "analytics", "10.30.0.0/16", "production", "analytics")
	public := v.addSubnet("public-a", "10.30.0.0/24", "a", true)
	etlA := v.addSubnet("etl-a", "10.30.10.0/24", "a", false)
	etlB := v.addSubnet("etl-b", "10.30.11.0/24", "b", false)
	etl := v.addGroup("etl", "Extract jobs")
	warehouse := v.addGroup("warehouse", "Warehouse", tcpFrom(5439, etl, "extract jobs"))
	endpoints := v.addGroup("endpoints", "Interface endpoints", tcp(443, "10.30.0.0/16", "AWS APIs"))
	public.addNAT("analytics-nat", 30, "203.0.113.162", true)
	etlA.addInstance("etl-1", "m6i.xlarge", 11, etl)
	etlB.addInstance("etl-2", "m6i.xlarge", 12, etl)
	etlA.addInstance("warehouse-1", "r6i.xlarge", 21, warehouse)
	v.addEndpoint("glue", 40, endpoints, etlA, etlB)
	v.addGatewayEndpoint("s3")
	return v
}

// legacyVPC came with an acquisition; nobody gave it a flow log.
func legacyVPC(w *world) {
	v := w.addVPC(production, virginia, "payments-legacy", "10.40.0.0/16", "production", "payments")
	v.logged, v.office = false, true
	a := v.addSubnet("private-a", "10.40.10.0/24", "a", false)
	b := v.addSubnet("private-b", "10.40.11.0/24", "b", false)
	g := v.addGroup("payments", "Settlement jobs", tcp(8443, officeRange, "back office"))
	a.addInstance("settlement-1", "m6i.large", 11, g)
	b.addInstance("settlement-2", "m6i.large", 12, g)
}

func platformVPCs(w *world) (shared, development *vpc) {
	shared = w.addVPC(platform, ireland, "shared-services", "10.50.0.0/16", "shared", "platform")
	shared.office = true
	public := shared.addSubnet("public-a", "10.50.0.0/24", "a", true)
	coreA := shared.addSubnet("core-a", "10.50.10.0/24", "a", false)
	coreB := shared.addSubnet("core-b", "10.50.11.0/24", "b", false)
	dns := shared.addGroup("dns", "Resolvers",
		rule{protocol: "udp", from: 53, to: 53, cidr: "10.0.0.0/8", description: "queries"}, tcp(53, "10.0.0.0/8", "queries"))
	tools := shared.addGroup("tools", "Monitoring and builds", tcp(443, officeRange, "office"), tcp(22, officeRange, "office"))
	endpoints := shared.addGroup("endpoints", "Interface endpoints", tcp(443, "10.50.0.0/16", "AWS APIs"))
	public.addNAT("shared-nat", 30, "203.0.113.163", true)
	coreA.addInstance("dns-1", "t3.medium", 53, dns)
	coreB.addInstance("dns-2", "t3.medium", 53, dns)
	coreA.addInstance("monitor-1", "m6i.large", 20, tools)
	coreB.addInstance("ci-1", "c6i.2xlarge", 21, tools)
	shared.addEndpoint("ecr.api", 40, endpoints, coreA, coreB)
	shared.addGatewayEndpoint("s3")

	development = w.addVPC(platform, virginia, "development", "10.60.0.0/16", "development", "engineering")
	public = development.addSubnet("public-a", "10.60.0.0/24", "a", true)
	devA := development.addSubnet("dev-a", "10.60.10.0/24", "a", false)
	devB := development.addSubnet("dev-b", "10.60.11.0/24", "b", false)
	dev := development.addGroup("dev", "Development machines",
		tcp(22, "10.50.10.0/23", "builds"), tcp(9100, "10.50.10.0/23", "metrics"))
	public.addNAT("development-nat", 30, "203.0.113.164", false)
	devA.addInstance("dev-1", "t3.large", 11, dev)
	devB.addInstance("dev-2", "t3.large", 12, dev)
	devA.addInstance("dev-build", "c6i.xlarge", 13, dev)
	development.addGatewayEndpoint("s3")
	return shared, development
}

// addBalancer makes an internet-facing application load balancer.
func (v *vpc) addBalancer(name string, g *group, public map[*subnet]string, subnets ...*subnet) {
	v.balancer = &balancer{name: name, hash: digest("balancer", v.id, name)[:16], group: g}
	for i, s := range subnets {
		n := s.addNIC(balancerNIC, "", 21+i, g)
		n.public = public[s]
		n.description = "ELB app/" + name + "/" + v.balancer.hash
		v.balancer.nics = append(v.balancer.nics, n)
	}
}

// nic finds an interface by its VPC's name and its instance's name.
func (w *world) nic(vpcName, name string) *nic {
	for _, n := range w.vpc(vpcName).nics {
		if n.name == name {
			return n
		}
	}
	panic("drill: no instance " + name + " in " + vpcName)
}

func (w *world) vpc(name string) *vpc {
	for _, v := range w.vpcs {
		if v.name == name {
			return v
		}
	}
	panic("drill: no VPC " + name)
}
