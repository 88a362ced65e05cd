"""Sign in and out: through the identity provider, or for development among made-up colleagues.

The desk's cookie is SameSite=Strict, so it is not sent when the provider leads the browser back, nor when an answer to that
redirects further. So coming back is answered with a page of our own, and that page goes on by itself.
"""

from __future__ import annotations

import hmac
import logging

from flask import Response, abort, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from wtforms.fields import SelectChoice

from app.adapters.oidc import NotBelieved, Provider, ProviderDown
from app.forms.desk import PressForm, SignInForm
from app.pages.hub import pages
from app.pages.hub.desk import UNPROCESSABLE
from app.services.hub import signing_in
from app.services.hub.signing_in import NoName, NoRole, NotLetIn, OneFactorOnly
from app.services.hub.staff import UnknownIdentity
from app.services.post import alarm
from app.settings import OidcSettings
from app.web import staff
from app.web.answers import redirect
from app.web.clock import now
from app.web.hub import hub

log = logging.getLogger(__name__)

# Where an auditor begins: the first of these that there is.
FORBIDDEN, UNAVAILABLE = 403, 503


@pages.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Where signing in begins."""
    if hub().provider is not None:
        return _sign_in_page()
    form = SignInForm()
    form.who.choices = [SelectChoice(each.id, each.name) for each in hub().identities.offered()]
    if form.validate_on_submit():
        try:
            identity = hub().identities.prove(form.who.data or "")
        except UnknownIdentity:
            form.who.errors = [gettext("Choose who you are.")]
        else:
            staff.begin(hub().database, identity)
            return redirect(url_for("hub.front"), code=303)
    page = render_template("hub/sign_in.html", form=form, has_errors=bool(form.errors))
    return make_response(page, UNPROCESSABLE if form.errors else 200)


@pages.get("/sign-in/go")
def sign_in_go() -> ResponseReturnValue:
    """To the identity provider. A link and no form: pages here let forms go nowhere else."""
    provider, _ = _provider()
    attempt = signing_in.new_attempt()
    try:
        response = redirect(provider.address(attempt, back=_address_of("hub.sign_in_back")))
    except ProviderDown as error:
        alarm("the identity provider does not answer", why=str(error))
        return _sign_in_page(_down(), UNAVAILABLE)
    staff.keep_attempt(response, attempt)
    return response


@pages.get("/sign-in/back")
def sign_in_back() -> ResponseReturnValue:
    """Back from the identity provider, with a code that is good once."""
    provider, oidc = _provider()
    attempt = staff.kept_attempt()
    state, code = request.args.get("state", ""), request.args.get("code", "")
    if attempt is None or not hmac.compare_digest(state.encode("utf-8"), attempt.state.encode("ascii")):
        why = gettext("That sign-in took too long, or did not begin in this browser. Please begin again.")
        return _refused(why, "no-attempt")
    if not code:
        return _refused(gettext("You were not signed in there. Please begin again."), "no-code")
    if request.args.get("iss", provider.issuer) != provider.issuer:  # RFC 9207
        return _refused(_not_believed(), "other-issuer")
    try:
        proof = provider.exchange(code, attempt, back=_address_of("hub.sign_in_back"), now=now())
        signing_in.refuse_one_factor(proof.claims, oidc)
        identity = signing_in.identity_of(proof.claims, oidc)
    except ProviderDown as error:
        alarm("the identity provider does not answer", why=str(error))
        return _refused(_down(), "down", code=UNAVAILABLE)
    except NotBelieved as error:
        return _refused(_not_believed(), str(error))
    except NotLetIn as error:
        return _refused(_why_not(error), type(error).__name__)
    staff.begin(hub().database, identity, tokens=signing_in.packed(proof.tokens))
    response = make_response(render_template("hub/signed_in.html"))
    response.headers["Refresh"] = f"0; url={url_for('hub.front')}"
    staff.forget_attempt(response)
    return response


@pages.post("/sign-out")
@staff.whoever_signed_in
def sign_out() -> ResponseReturnValue:
    """Sign out here, and then at the identity provider."""
    if not PressForm().validate_on_submit():
        abort(403)
    staff.end(hub().database)
    return redirect(url_for("hub.signed_out" if hub().provider else "hub.sign_in"), code=303)


@pages.get("/signed-out")
def signed_out() -> ResponseReturnValue:
    """Signed out of the desk; goes on to where the session at the provider ends, if it has such a place."""
    provider, _ = _provider()
    onward = provider.end_address(back=_address_of("hub.sign_in"))
    response = make_response(render_template("hub/signed_out.html", onward=onward))
    if onward:
        response.headers["Refresh"] = f"0; url={onward}"
    return response


def _provider() -> tuple[Provider, OidcSettings]:
    """The identity provider and what we want of it; not found where there is none."""
    provider, oidc = hub().provider, hub().settings.oidc
    if provider is None or oidc is None:
        abort(404)
    return provider, oidc


def _address_of(endpoint: str) -> str:
    """The whole address of a page, as the client is registered with it: the origin is one of our own (web/headers.py)."""
    scheme = "https" if hub().settings.is_https else "http"
    return f"{scheme}://{request.host}{url_for(endpoint)}"


def _sign_in_page(problem: str = "", code: int = 200) -> Response:
    return make_response(render_template("hub/sign_in_away.html", problem=problem, has_errors=bool(problem)), code)


def _refused(words: str, why: str, *, code: int = FORBIDDEN) -> Response:
    """Nobody is signed in, and that is said in one line; the log says why in one code."""
    log.warning("a sign-in was refused why=%s", why)
    response = _sign_in_page(words, code)
    staff.forget_attempt(response)
    return response


def _why_not(error: NotLetIn) -> str:
    words = {
        NoRole: gettext("Your account has no role at this desk. Ask whoever looks after accounts for one."),
        NoName: gettext("Your account has no name and first name. Ask whoever looks after accounts to add them."),
        OneFactorOnly: gettext("Sign in with a second factor too, such as a code from your phone. Then begin again."),
    }
    return str(words[type(error)])


def _not_believed() -> str:
    return str(gettext("What came back from the sign-in page cannot be believed. Please begin again."))


def _down() -> str:
    return str(
        gettext("The sign-in page does not answer just now. Nothing is wrong with your account: try again soon.")
    )
