// Package flowrecord knows the fields of flow log records: their names in header lines
// and in tables, their types, and in which version they came.
//
// It reads no files and no answers of AWS.
package flowrecord

import "strings"

// Field is a field of flow log records.
type Field struct {
	Name    string // as header lines and log formats write it
	Version int    // of flow logs that had it first
	Type    string // in which AWS delivers it in Parquet, and which a table gives it
	Column  string // what the tables of the library call it
	Others  string // what else tables call it, beside Name with or without _ for -
}

const (
	text   = "string"
	number = "int"
	long   = "bigint"
)

// Fields are the fields of VPC flow logs, versions 2 to 10 (Amazon VPC User Guide,
// "Flow log records"), and those of transit gateway flow logs, which are version 6
// (Amazon VPC Transit Gateways, "Transit Gateway Flow Log records") and share format,
// paths and names of files with them. Other names are those of the source playbook and
// of common table definitions.
var Fields = [...]Field{
	{"version", 2, number, "version", ""},
	{"account-id", 2, text, "account", ""},
	{"interface-id", 2, text, "interfaceid", "eniid"},
	{"srcaddr", 2, text, "sourceaddress", "sourceip srcip srcaddress"},
	{"dstaddr", 2, text, "destinationaddress", "destinationip dstip dstaddress"},
	{"srcport", 2, number, "sourceport", ""},
	{"dstport", 2, number, "destinationport", ""},
	{"protocol", 2, number, "protocol", ""},
	{"packets", 2, long, "numpackets", "pkts"},
	{"bytes", 2, long, "numbytes", ""},
	{"start", 2, long, "starttime", "startts"},
	{"end", 2, long, "endtime", "endts"},
	{"action", 2, text, "action", ""},
	{"log-status", 2, text, "logstatus", "status"},

	{"vpc-id", 3, text, "vpcid", "vpc"},
	{"subnet-id", 3, text, "subnetid", "subnet"},
	{"instance-id", 3, text, "instanceid", "instance"},
	{"tcp-flags", 3, number, "tcpflags", "tcpflag"},
	{"type", 3, text, "type", ""},
	{"pkt-srcaddr", 3, text, "pktsrcaddr", "packetsrcaddr packetsourceaddress"},
	{"pkt-dstaddr", 3, text, "pktdstaddr", "packetdstaddr packetdestinationaddress"},

	{"region", 4, text, "region", ""},
	{"az-id", 4, text, "azid", "availabilityzoneid"},
	{"sublocation-type", 4, text, "sublocationtype", ""},
	{"sublocation-id", 4, text, "sublocationid", ""},

	{"pkt-src-aws-service", 5, text, "pkt_src_aws_service", ""},
	{"pkt-dst-aws-service", 5, text, "pkt_dst_aws_service", ""},
	{"flow-direction", 5, text, "flow_direction", "direction"},
	{"traffic-path", 5, number, "traffic_path", ""},

	{"resource-type", 6, text, "resource_type", ""},
	{"tgw-id", 6, text, "tgw_id", ""},
	{"tgw-attachment-id", 6, text, "tgw_attachment_id", ""},
	{"tgw-src-vpc-account-id", 6, text, "tgw_src_vpc_account_id", ""},
	{"tgw-dst-vpc-account-id", 6, text, "tgw_dst_vpc_account_id", ""},
	{"tgw-src-vpc-id", 6, text, "tgw_src_vpc_id", ""},
	{"tgw-dst-vpc-id", 6, text, "tgw_dst_vpc_id", ""},
	{"tgw-src-subnet-id", 6, text, "tgw_src_subnet_id", ""},
	{"tgw-dst-subnet-id", 6, text, "tgw_dst_subnet_id", ""},
	{"tgw-src-eni", 6, text, "tgw_src_eni", ""},
	{"tgw-dst-eni", 6, text, "tgw_dst_eni", ""},
	{"tgw-src-az-id", 6, text, "tgw_src_az_id", ""},
	{"tgw-dst-az-id", 6, text, "tgw_dst_az_id", ""},
	{"tgw-pair-attachment-id", 6, text, "tgw_pair_attachment_id", ""},
	{"packets-lost-no-route", 6, long, "packets_lost_no_route", ""},
	{"packets-lost-blackhole", 6, long, "packets_lost_blackhole", ""},
	{"packets-lost-mtu-exceeded", 6, long, "packets_lost_mtu_exceeded", ""},
	{"packets-lost-ttl-expired", 6, long, "packets_lost_ttl_expired", ""},

	{"ecs-cluster-arn", 7, text, "ecs_cluster_arn", ""},
	{"ecs-cluster-name", 7, text, "ecs_cluster_name", ""},
	{"ecs-container-instance-arn", 7, text, "ecs_container_instance_arn", ""},
	{"ecs-container-instance-id", 7, text, "ecs_container_instance_id", ""},
	{"ecs-container-id", 7, text, "ecs_container_id", ""},
	{"ecs-second-container-id", 7, text, "ecs_second_container_id", ""},
	{"ecs-service-name", 7, text, "ecs_service_name", ""},
	{"ecs-task-definition-arn", 7, text, "ecs_task_definition_arn", ""},
	{"ecs-task-arn", 7, text, "ecs_task_arn", ""},
	{"ecs-task-id", 7, text, "ecs_task_id", ""},

	{"reject-reason", 8, text, "reject_reason", ""},
	{"resource-id", 9, text, "resource_id", ""},
	{"encryption-status", 10, number, "encryption_status", ""},
}

var byName = func() map[string]*Field {
	fields := map[string]*Field{}
	for i := range Fields {
		f := &Fields[i]
		fields[Plain(f.Name)], fields[Plain(f.Column)] = f, f
		for _, name := range strings.Fields(f.Others) {
			fields[name] = f
		}
	}
	return fields
}()

// Named finds a field by any of its names; nil is none.
func Named(name string) *Field { return byName[Plain(name)] }

// Plain writes a name in small letters, without what tables and header lines put between
// its words.
func Plain(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToLower(name))
}

// Column is a column of a table.
type Column struct {
	Name string `json:"name" yaml:"name"`
	Type string `json:"type" yaml:"type"`
}

// Wanted are the fields that the queries of the library ask for.
var Wanted = []string{
	"version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end",
	"action", "log-status", "vpc-id", "type", "tcp-flags", "subnet-id", "sublocation-type", "sublocation-id", "region", "pkt-srcaddr",
	"pkt-dstaddr", "instance-id", "az-id", "pkt-src-aws-service", "pkt-dst-aws-service", "flow-direction", "traffic-path",
}

// Columns are the columns of a table over text files whose lines have the given fields in
// this order, and the wanted fields that they lack. Those come last, as columns for which
// no line has a value: they read as NULL ("a missing trailing column is NULL": Hive's
// LazySimpleSerDe), so that every query of the library runs on any format.
func Columns(fields []string) (columns []Column, missing []string) {
	seen := map[string]bool{}
	add := func(name string) {
		c := Column{Name: strings.ReplaceAll(strings.ToLower(name), "-", "_"), Type: text}
		if f := Named(name); f != nil {
			c = Column{f.Column, f.Type}
		}
		for seen[c.Name] { // a format that names a field twice
			c.Name += "_again"
		}
		seen[c.Name] = true
		columns = append(columns, c)
	}
	for _, name := range fields {
		add(name)
	}
	for _, name := range Wanted {
		if !seen[Named(name).Column] {
			missing = append(missing, name)
			add(name)
		}
	}
	return columns, missing
}
