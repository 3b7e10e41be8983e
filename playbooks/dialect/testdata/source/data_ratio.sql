SELECT sourceaddress,
destinationaddress,
count(*) AS record_count,
SUM(numbytes) AS total_bytes,
SUM(numbytes)/count(*) AS data_ratio,
date_format(from_unixtime(min(starttime)),
'%Y/%m/%d %H:%i:%s') AS first_seen, date_format(from_unixtime(max(endtime)), '%Y/%m/%d %H:%i:%s') AS last_seen
FROM "<database>"."<table>"
WHERE (sourceaddress = '10.10.10.10'
OR destinationaddress = '10.10.10.10')
GROUP BY sourceaddress, destinationaddress
ORDER BY total_bytes DESC
