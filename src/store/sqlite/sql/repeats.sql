-- Instances with several items at a destination: how many, and how many of these were delivered.
SELECT d.name, count(*), sum(i.state = 'Success')
