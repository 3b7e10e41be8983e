SELECT * FROM vpc_flow_logs limit 1000;
