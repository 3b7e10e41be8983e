SELECT count(*) FROM vpc_flow_logs;
