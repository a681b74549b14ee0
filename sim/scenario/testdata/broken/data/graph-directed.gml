graph [
  directed maybe
]
