SELECT aet, last, watched FROM source ORDER BY aet
