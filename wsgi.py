"""What the web server loads. The side comes from SIDE."""

from app.factory import create_app
from app.processes import end_with_parent, hand_over_soon, own_server, serves_alone

if not serves_alone():
    end_with_parent(own_server())
hand_over_soon()
app = create_app()
