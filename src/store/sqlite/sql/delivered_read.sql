SELECT l.id, l.study, l.destination, k.study, k.uid, k.accession, d.name, l.first, l.last, l.instances, l.warnings, l.bytes
FROM delivered l
CROSS JOIN known_study k ON k.id = l.study
CROSS JOIN destination d ON d.id = l.destination
