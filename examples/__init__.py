"""Programs that use Graphlore from outside: they speak GraphQL alone and import none of its rooms."""
