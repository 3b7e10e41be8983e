select * from vpc_flow_logs
where ip = '123.123.123.123'
order by start_time;
