# One image for web, worker, beat and set-up; docker-compose.yml says which command each runs.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

# What WeasyPrint draws with.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --system --uid 10001 --user-group --home-dir /app app \
    && install --directory --owner app --group app /app /data

WORKDIR /app
COPY requirements.lock .
RUN pip install --require-hashes -r requirements.lock

COPY . .
# A throw-away key: collecting static files needs settings, not secrets.
RUN ENVIRONMENT=production SECRET_KEY=$(head -c 60 /dev/urandom | base64 | tr -d '\n') ALLOWED_HOSTS=build \
    DATABASE_URL=postgres://build/build STATIC_ROOT=/app/static python manage.py collectstatic --noinput \
    && python -m compileall -q /app

ENV ENVIRONMENT=production DATA_DIR=/data STATIC_ROOT=/app/static
USER app
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "atera_invoicing.wsgi", "--bind=0.0.0.0:8000", "--workers=3", "--threads=2", \
     "--no-control-socket", "--worker-tmp-dir=/dev/shm", "--access-logfile=-"]
