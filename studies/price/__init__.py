"""What the gradient of a penalty costs: exact, sampled on operators, sampled on outputs; time, memory, growth."""
