package drill

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"
)

// The networks of the outside world: customers and services of others live in RFC
// 2544's block, scanners and attackers in the three of RFC 5737.
const (
	customerNetwork = "198.18.0.0/16"
	vendorNetwork   = "198.19.0.0/16"
	customerIPv6    = "2001:db8:c000::/36"
	vendorIPv6      = "2001:db8:e000::/48"
)

// About how many records the sample has without the services that scale, and how many
// these make at scale 1 (measured; a test holds them to it).
const (
	fixedRecords    = 120_000
	scalableRecords = 104_000
)

// kilo and mega are payload sizes.
const (
	kilo = 1e3
	mega = 1e6
)

// sampleServices is the traffic of the shop's world on any day, scale times over.
func sampleServices(w *world, seed uint64, scale float64) []service {
	draw := func(name string) *rand.Rand { return stream(seed, "pool "+name, 0) }
	services := shopServices(w, draw)
	services = append(services, commonServices(w, draw)...)
	services = append(services, platformServices(w, draw)...)
	services = append(services, noise(w, draw)...)
	for i := range services {
		services[i].perDay *= scale
	}
	return services
}

func shopServices(w *world, draw func(string) *rand.Rand) []service {
	web, data := w.vpc("prod-web"), w.vpc("prod-data")
	var balancers, balancers6 []endpoint
	for _, n := range web.balancer.nics {
		balancers, balancers6 = append(balancers, n.end), append(balancers6, n.end6)
	}
	fronts := w.hosts("prod-web", "web-1", "web-2", "web-3")
	apps := w.hosts("prod-data", "orders-app-1", "orders-app-2")
	primary, replica := w.hosts("prod-data", "orders-db-1"), w.hosts("prod-data", "orders-db-2")
	bastion := w.hosts("prod-web", "bastion-1")
	return []service{
		{name: "shop", clients: pool(draw("customers"), 3000, nil, customerNetwork), servers: balancers,
			protocol: protoTCP, ports: []uint16{443, 443, 443, 443, 80}, perDay: 410, rhythm: shoppers,
			seconds: span{2, 70}, up: span{1 * kilo, 40 * kilo}, down: span{8 * kilo, 2 * mega}},
		{name: "shop over IPv6", clients: pool(draw("customers6"), 500, nil, customerIPv6), servers: balancers6,
			protocol: protoTCP, ports: []uint16{443}, perDay: 80, rhythm: shoppers,
			seconds: span{2, 70}, up: span{1 * kilo, 40 * kilo}, down: span{8 * kilo, 2 * mega}},
		{name: "balancer to web", clients: balancers, servers: fronts,
			protocol: protoTCP, ports: []uint16{8080}, perDay: 240, rhythm: shoppers,
			seconds: span{1, 30}, up: span{4 * kilo, 120 * kilo}, down: span{20 * kilo, 2 * mega}},
		{name: "health checks", clients: balancers, servers: fronts[:2], paired: true,
			protocol: protoTCP, ports: []uint16{8080}, every: 10 * time.Minute, at: 37 * time.Second,
			seconds: span{1, 1}, up: span{130, 130}, down: span{310, 330}},
		{name: "web to orders", clients: fronts, servers: apps,
			protocol: protoTCP, ports: []uint16{8443}, perDay: 170, rhythm: shoppers,
			seconds: span{1, 14}, up: span{2 * kilo, 90 * kilo}, down: span{2 * kilo, 300 * kilo}},
		{name: "orders to database", clients: apps, servers: primary,
			protocol: protoTCP, ports: []uint16{5432}, perDay: 190, rhythm: shoppers,
			seconds: span{1, 20}, up: span{2 * kilo, 200 * kilo}, down: span{2 * kilo, 1 * mega}},
		{name: "replication", clients: replica, servers: primary,
			protocol: protoTCP, ports: []uint16{5432}, every: 30 * time.Minute, at: 90 * time.Second,
			seconds: span{100, 500}, up: span{8 * kilo, 30 * kilo}, down: span{200 * kilo, 3 * mega}},
		{name: "orders to payment provider", clients: apps, servers: pool(draw("payments"), 3, nil, vendorNetwork),
			protocol: protoTCP, ports: []uint16{443}, perDay: 50, rhythm: shoppers,
			seconds: span{1, 20}, up: span{1 * kilo, 8 * kilo}, down: span{2 * kilo, 9 * kilo}},
		{name: "static files", clients: fronts, servers: pool(draw("s3 web"), 12, nil, s3Networks(ireland)...),
			protocol: protoTCP, ports: []uint16{443}, perDay: 90, rhythm: shoppers,
			seconds: span{1, 30}, up: span{1 * kilo, 20 * kilo}, down: span{20 * kilo, 4 * mega}},
		{name: "database backup", clients: primary, servers: pool(draw("s3 backup"), 1, nil, s3Networks(ireland)...),
			protocol: protoTCP, ports: []uint16{443}, every: 24 * time.Hour, at: 125 * time.Minute,
			seconds: span{900, 1500}, up: span{35 * mega, 50 * mega}, down: span{40 * kilo, 60 * kilo}},
		{name: "log shipping", clients: apps, servers: interfacesOf(data, "logs"), paired: true,
			protocol: protoTCP, ports: []uint16{443}, every: 20 * time.Minute, at: 11 * time.Second,
			seconds: span{5, 40}, up: span{30 * kilo, 400 * kilo}, down: span{5 * kilo, 9 * kilo}},
		{name: "secrets of web", clients: fronts, servers: interfacesOf(web, "secretsmanager"),
			protocol: protoTCP, ports: []uint16{443}, perDay: 29, rhythm: always,
			seconds: span{1, 3}, up: span{1 * kilo, 3 * kilo}, down: span{4 * kilo, 6 * kilo}},
		{name: "session manager", clients: fronts, servers: interfacesOf(web, "ssm"),
			protocol: protoTCP, ports: []uint16{443}, perDay: 23, rhythm: always,
			seconds: span{2, 30}, up: span{1 * kilo, 6 * kilo}, down: span{4 * kilo, 9 * kilo}},
		{name: "secrets of orders", clients: apps, servers: interfacesOf(data, "secretsmanager"),
			protocol: protoTCP, ports: []uint16{443}, perDay: 23, rhythm: always,
			seconds: span{1, 3}, up: span{1 * kilo, 3 * kilo}, down: span{4 * kilo, 6 * kilo}},
		{name: "administrators", clients: []endpoint{outside(netip.MustParseAddr(officeAddress))}, servers: bastion,
			protocol: protoTCP, ports: []uint16{22}, perDay: 3, rhythm: workers,
			seconds: span{60, 1800}, up: span{10 * kilo, 300 * kilo}, down: span{20 * kilo, 2 * mega}},
		{name: "administrators inside", clients: bastion, servers: slices.Concat(fronts, apps),
			protocol: protoTCP, ports: []uint16{22}, perDay: 3, rhythm: workers,
			seconds: span{30, 1500}, up: span{8 * kilo, 200 * kilo}, down: span{20 * kilo, 1 * mega}},
		{name: "updates over IPv6", clients: []endpoint{w.nic("prod-web", "web-1").end6, w.nic("prod-web", "web-2").end6},
			servers:  pool(draw("vendors6"), 4, nil, vendorIPv6),
			protocol: protoTCP, ports: []uint16{443}, perDay: 14, rhythm: machines,
			seconds: span{1, 40}, up: span{1 * kilo, 12 * kilo}, down: span{10 * kilo, 6 * mega}},
	}
}

// commonServices are what every machine does: names, clocks, updates, metrics.
// Questions to Amazon's own resolver and clock are in no flow log (VPC User Guide,
// "Flow log limitations"), so the machines of the sample have their own.
func commonServices(w *world, draw func(string) *rand.Rand) []service {
	resolvers := w.hosts("shared-services", "dns-1", "dns-2")
	shop := slices.Concat(w.hosts("prod-web", "web-1", "web-2", "web-3"), w.hosts("prod-data", "orders-app-1", "orders-app-2", "orders-db-1"))
	scraped := slices.Concat(shop, w.hosts("development", "dev-1", "dev-2"))
	return []service{
		{name: "names", clients: slices.Concat(shop, w.hosts("development", "dev-1", "dev-2", "dev-build")), servers: resolvers,
			protocol: protoUDP, ports: []uint16{53}, perDay: 130, rhythm: shoppers,
			seconds: span{}, up: span{34, 60}, down: span{60, 420}},
		{name: "names from upstream", clients: resolvers, servers: pool(draw("resolvers"), 6, nil, vendorNetwork),
			protocol: protoUDP, ports: []uint16{53}, perDay: 35, rhythm: always,
			seconds: span{}, up: span{34, 60}, down: span{60, 420}},
		{name: "clocks", clients: slices.Concat(shop, w.hosts("analytics", "etl-1", "etl-2", "warehouse-1")),
			servers:  pool(draw("clocks"), 4, nil, vendorNetwork),
			protocol: protoUDP, ports: []uint16{123}, perDay: 35, rhythm: always,
			seconds: span{}, up: span{48, 48}, down: span{48, 48}},
		{name: "updates", clients: slices.Concat(shop, w.hosts("shared-services", "monitor-1", "ci-1", "dns-1")),
			servers:  pool(draw("mirrors"), 5, nil, vendorNetwork),
			protocol: protoTCP, ports: []uint16{443, 80}, perDay: 21, rhythm: machines,
			seconds: span{1, 50}, up: span{1 * kilo, 14 * kilo}, down: span{20 * kilo, 8 * mega}},
		{name: "metrics", clients: w.hosts("shared-services", "monitor-1"), servers: scraped,
			protocol: protoTCP, ports: []uint16{9100}, every: 2 * time.Hour, at: 50 * time.Second,
			seconds: span{1, 2}, up: span{400, 500}, down: span{14 * kilo, 22 * kilo}},
	}
}

func platformServices(w *world, draw func(string) *rand.Rand) []service {
	etl := w.hosts("analytics", "etl-1", "etl-2")
	developers := w.hosts("development", "dev-1", "dev-2", "dev-build")
	office := pool(draw("office"), 60, nil, "192.168.4.0/22")
	return []service{
		{name: "nightly extract", clients: etl[:1], servers: w.hosts("prod-data", "orders-db-2"),
			protocol: protoTCP, ports: []uint16{5432}, every: 24 * time.Hour, at: 3*time.Hour + 10*time.Minute,
			seconds: span{900, 1400}, up: span{60 * kilo, 90 * kilo}, down: span{40 * mega, 70 * mega}},
		{name: "extracts to the lake", clients: etl, servers: pool(draw("s3 lake"), 8, nil, s3Networks(virginia)...),
			protocol: protoTCP, ports: []uint16{443}, perDay: 50, rhythm: machines,
			seconds: span{5, 90}, up: span{40 * kilo, 9 * mega}, down: span{5 * kilo, 2 * mega}},
		{name: "warehouse loads", clients: etl, servers: w.hosts("analytics", "warehouse-1"),
			protocol: protoTCP, ports: []uint16{5439}, perDay: 50, rhythm: machines,
			seconds: span{5, 50}, up: span{40 * kilo, 6 * mega}, down: span{5 * kilo, 300 * kilo}},
		{name: "catalog", clients: etl, servers: interfacesOf(w.vpc("analytics"), "glue"),
			protocol: protoTCP, ports: []uint16{443}, perDay: 40, rhythm: machines,
			seconds: span{1, 6}, up: span{1 * kilo, 9 * kilo}, down: span{4 * kilo, 60 * kilo}},
		{name: "rates", clients: etl, servers: pool(draw("rates"), 2, nil, vendorNetwork),
			protocol: protoTCP, ports: []uint16{443}, perDay: 17, rhythm: always,
			seconds: span{1, 5}, up: span{1 * kilo, 2 * kilo}, down: span{4 * kilo, 60 * kilo}},
		{name: "office", clients: office, servers: w.hosts("shared-services", "monitor-1", "ci-1"),
			protocol: protoTCP, ports: []uint16{443}, perDay: 60, rhythm: workers,
			seconds: span{2, 120}, up: span{2 * kilo, 200 * kilo}, down: span{9 * kilo, 5 * mega}},
		{name: "builds", clients: w.hosts("shared-services", "ci-1"), servers: pool(draw("code"), 5, nil, vendorNetwork),
			protocol: protoTCP, ports: []uint16{443}, perDay: 35, rhythm: workers,
			seconds: span{2, 90}, up: span{2 * kilo, 60 * kilo}, down: span{50 * kilo, 9 * mega}},
		{name: "images", clients: w.hosts("shared-services", "ci-1"), servers: interfacesOf(w.vpc("shared-services"), "ecr.api"),
			protocol: protoTCP, ports: []uint16{443}, perDay: 23, rhythm: workers,
			seconds: span{1, 20}, up: span{2 * kilo, 90 * kilo}, down: span{5 * kilo, 90 * kilo}},
		{name: "artifacts", clients: w.hosts("shared-services", "ci-1"), servers: pool(draw("s3 builds"), 4, nil, s3Networks(ireland)...),
			protocol: protoTCP, ports: []uint16{443}, perDay: 23, rhythm: workers,
			seconds: span{2, 60}, up: span{90 * kilo, 9 * mega}, down: span{5 * kilo, 5 * mega}},
		{name: "deployments", clients: w.hosts("shared-services", "ci-1"), servers: developers,
			protocol: protoTCP, ports: []uint16{22}, perDay: 8, rhythm: workers,
			seconds: span{5, 300}, up: span{20 * kilo, 5 * mega}, down: span{9 * kilo, 200 * kilo}},
		{name: "packages", clients: developers, servers: pool(draw("packages"), 12, nil, vendorNetwork),
			protocol: protoTCP, ports: []uint16{443}, perDay: 80, rhythm: workers,
			seconds: span{1, 40}, up: span{1 * kilo, 30 * kilo}, down: span{9 * kilo, 9 * mega}},
		{name: "development buckets", clients: developers, servers: pool(draw("s3 dev"), 6, nil, s3Networks(virginia)...),
			protocol: protoTCP, ports: []uint16{443}, perDay: 35, rhythm: workers,
			seconds: span{1, 60}, up: span{2 * kilo, 3 * mega}, down: span{5 * kilo, 5 * mega}},
	}
}

// noise is what reaches any public address: scans, mostly refused. None of it comes
// from an address that the case knows as hostile.
func noise(w *world, draw func(string) *rand.Rand) []service {
	var public, public6 []endpoint
	for _, n := range w.vpc("prod-web").nics {
		if n.public == "" || n.kind == natNIC {
			continue
		}
		public = append(public, n.end)
		if n.ip6.IsValid() {
			public6 = append(public6, n.end6)
		}
	}
	known := append(slices.Concat(knownHostile(), listedElsewhere()), scannerAddress, exfilAddress, officeAddress)
	for _, v := range w.vpcs {
		for _, n := range v.nics {
			if n.public != "" {
				known = append(known, n.public)
			}
		}
	}
	scanners := pool(draw("scanners"), 420, known, "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
	ports := []uint16{23, 23, 22, 80, 443, 445, 2323, 3389, 5060, 5900, 6379, 8080, 8081, 8443, 9200, 1433, 3306, 5432, 11211, 27017, 2375, 7547}
	return []service{
		{name: "scans", clients: scanners, servers: public, protocol: protoTCP, ports: ports, perDay: 220, rhythm: always, scan: true},
		{name: "scans over UDP", clients: scanners, servers: public, protocol: protoUDP,
			ports: []uint16{53, 123, 161, 389, 1900, 5060}, perDay: 35, rhythm: always, scan: true},
		{name: "pings", clients: scanners, servers: public, protocol: protoICMP, ports: []uint16{0}, perDay: 23, rhythm: always, scan: true},
		{name: "scans over IPv6", clients: pool(draw("scanners6"), 30, known, "2001:db8:bad0::/48"), servers: public6,
			protocol: protoTCP, ports: ports, perDay: 17, rhythm: always, scan: true},
	}
}

// hosts are the instances of a VPC by name.
func (w *world) hosts(vpcName string, names ...string) []endpoint {
	var hosts []endpoint
	for _, name := range names {
		hosts = append(hosts, w.nic(vpcName, name).end)
	}
	return hosts
}

func interfacesOf(v *vpc, service string) []endpoint {
	var ends []endpoint
	for _, e := range v.endpoints {
		if e.service == service {
			for _, n := range e.nics {
				ends = append(ends, n.end)
			}
		}
	}
	return ends
}

func s3Networks(region string) []string {
	var networks []string
	for _, cidr := range prefixLists[region].cidrs {
		networks = append(networks, cidr.String())
	}
	return networks
}
