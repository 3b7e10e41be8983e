ALTER TABLE vpc_flow_logs
ADD PARTITION (`date`='2024-01-02')
LOCATION 's3://amzn-s3-demo-bucket/prefix/AWSLogs/111122223333/vpcflowlogs/us-east-1/2024/01/02/';
