select ip, count(*) cnt
from vpc_flow_logs
group by ip
order by cnt desc
limit 100;
