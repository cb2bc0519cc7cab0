SELECT d.name, i.state, count(*), min(i.created), max(i.created), min(i.completed), max(i.completed)
