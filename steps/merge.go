package steps

// Merge joins the plain results of one step on several targets into one: lists are
// concatenated, each element that is a map gaining "account" and "region"; integers
// are counts and are added up. The result of a kind that is merged holds nothing else at
// its top level (a test over all kinds sees to that).
func Merge(targets []Target, results []map[string]any) map[string]any {
	merged := map[string]any{}
	for i, result := range results {
		for key, value := range result {
			switch value := value.(type) {
			case []any:
				list, _ := merged[key].([]any)
				if list == nil {
					list = []any{}
				}
				for _, element := range value {
					list = append(list, located(element, targets[i]))
				}
				merged[key] = list
			case int64:
				count, _ := merged[key].(int64)
				merged[key] = count + value
			default: // nil: this target was not asked for it
				if _, ok := merged[key]; !ok {
					merged[key] = value
				}
			}
		}
	}
	return merged
}

func located(element any, target Target) any {
	fields, ok := element.(map[string]any)
	if !ok {
		return element
	}
	copied := make(map[string]any, len(fields)+2)
	for name, value := range fields {
		copied[name] = value
	}
	copied["account"], copied["region"] = target.Account, target.Region
	return copied
}
