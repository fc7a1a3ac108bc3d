"""Pages of webhooks: who is told what happens, what was delivered, and what there is to tell."""

from console.webhooks import changing, deliveries, endpoints, events, operating

# What has a name of its own comes before those that are called by their id.
ROUTERS = (
    endpoints.router,
    changing.router,
    operating.router,
    deliveries.router,
    events.router,
)
