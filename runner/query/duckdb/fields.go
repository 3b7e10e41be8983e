package duckdb

import "strings"

// fieldType is the type in which AWS delivers a field of flow logs in Parquet.
type fieldType string

const (
	fieldText fieldType = "string"
	fieldInt  fieldType = "int"
	fieldLong fieldType = "bigint"
)

// flowLogField is a field of flow log records.
type flowLogField struct {
	name    string // as header lines write it
	version int    // of flow logs that had it first
	kind    fieldType
	others  string // what tables call it, beside its own name with or without _ for -
}

// flowLogFields are the fields of VPC flow logs, versions 2 to 10 (Amazon VPC User Guide,
// "Flow log records"), and those of transit gateway flow logs, which are version 6
// (Amazon VPC Transit Gateways, "Transit Gateway Flow Log records") and share format,
// paths and names of files with them. Other names are those of the source playbook and
// of common table definitions.
var flowLogFields = []flowLogField{
	{"version", 2, fieldInt, ""},
	{"account-id", 2, fieldText, "account"},
	{"interface-id", 2, fieldText, "eniid"},
	{"srcaddr", 2, fieldText, "sourceaddress sourceip srcip srcaddress"},
	{"dstaddr", 2, fieldText, "destinationaddress destinationip dstip dstaddress"},
	{"srcport", 2, fieldInt, "sourceport"},
	{"dstport", 2, fieldInt, "destinationport"},
	{"protocol", 2, fieldInt, ""},
	{"packets", 2, fieldLong, "numpackets pkts"},
	{"bytes", 2, fieldLong, "numbytes"},
	{"start", 2, fieldLong, "starttime startts"},
	{"end", 2, fieldLong, "endtime endts"},
	{"action", 2, fieldText, ""},
	{"log-status", 2, fieldText, "status"},

	{"vpc-id", 3, fieldText, "vpc"},
	{"subnet-id", 3, fieldText, "subnet"},
	{"instance-id", 3, fieldText, "instance"},
	{"tcp-flags", 3, fieldInt, "tcpflag"},
	{"type", 3, fieldText, ""},
	{"pkt-srcaddr", 3, fieldText, "packetsrcaddr packetsourceaddress"},
	{"pkt-dstaddr", 3, fieldText, "packetdstaddr packetdestinationaddress"},

	{"region", 4, fieldText, ""},
	{"az-id", 4, fieldText, "availabilityzoneid"},
	{"sublocation-type", 4, fieldText, ""},
	{"sublocation-id", 4, fieldText, ""},

	{"pkt-src-aws-service", 5, fieldText, ""},
	{"pkt-dst-aws-service", 5, fieldText, ""},
	{"flow-direction", 5, fieldText, "direction"},
	{"traffic-path", 5, fieldInt, ""},

	{"resource-type", 6, fieldText, ""},
	{"tgw-id", 6, fieldText, ""},
	{"tgw-attachment-id", 6, fieldText, ""},
	{"tgw-src-vpc-account-id", 6, fieldText, ""},
	{"tgw-dst-vpc-account-id", 6, fieldText, ""},
	{"tgw-src-vpc-id", 6, fieldText, ""},
	{"tgw-dst-vpc-id", 6, fieldText, ""},
	{"tgw-src-subnet-id", 6, fieldText, ""},
	{"tgw-dst-subnet-id", 6, fieldText, ""},
	{"tgw-src-eni", 6, fieldText, ""},
	{"tgw-dst-eni", 6, fieldText, ""},
	{"tgw-src-az-id", 6, fieldText, ""},
	{"tgw-dst-az-id", 6, fieldText, ""},
	{"tgw-pair-attachment-id", 6, fieldText, ""},
	{"packets-lost-no-route", 6, fieldLong, ""},
	{"packets-lost-blackhole", 6, fieldLong, ""},
	{"packets-lost-mtu-exceeded", 6, fieldLong, ""},
	{"packets-lost-ttl-expired", 6, fieldLong, ""},

	{"ecs-cluster-arn", 7, fieldText, ""},
	{"ecs-cluster-name", 7, fieldText, ""},
	{"ecs-container-instance-arn", 7, fieldText, ""},
	{"ecs-container-instance-id", 7, fieldText, ""},
	{"ecs-container-id", 7, fieldText, ""},
	{"ecs-second-container-id", 7, fieldText, ""},
	{"ecs-service-name", 7, fieldText, ""},
	{"ecs-task-definition-arn", 7, fieldText, ""},
	{"ecs-task-arn", 7, fieldText, ""},
	{"ecs-task-id", 7, fieldText, ""},

	{"reject-reason", 8, fieldText, ""},
	{"resource-id", 9, fieldText, ""},
	{"encryption-status", 10, fieldInt, ""},
}

// fieldsByName finds a field by any of its names, written plainly.
var fieldsByName = func() map[string]*flowLogField {
	byName := map[string]*flowLogField{}
	for i := range flowLogFields {
		field := &flowLogFields[i]
		byName[plainName(field.name)] = field
		for _, name := range strings.Fields(field.others) {
			byName[name] = field
		}
	}
	return byName
}()

// plainName writes a name in small letters, without what tables and header lines put
// between its words.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToLower(name))
}

// flowField is the field of flow logs that a name means, by its name in header lines, or
// "" when it means none.
func flowField(name string) string {
	if field := fieldsByName[plainName(name)]; field != nil {
		return field.name
	}
	return ""
}
