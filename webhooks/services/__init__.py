"""Every write to endpoints and deliveries that somebody asks for, one function each."""
